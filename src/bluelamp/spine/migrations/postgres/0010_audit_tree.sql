-- The audit by month, and the Merkle tree over it. docs/audit.md tells what each table holds and how it is proven.
ALTER TABLE audit_entries RENAME TO audit_entries_before;
ALTER TABLE audit_outcomes RENAME TO audit_outcomes_before;
ALTER INDEX audit_entries_by_actor RENAME TO audit_entries_before_by_actor;
ALTER INDEX audit_entries_by_agency RENAME TO audit_entries_before_by_agency;
ALTER INDEX audit_entries_by_subject RENAME TO audit_entries_before_by_subject;
ALTER TABLE audit_entries_before RENAME CONSTRAINT audit_entries_pkey TO audit_entries_before_pkey;
ALTER TABLE audit_outcomes_before RENAME CONSTRAINT audit_outcomes_pkey TO audit_outcomes_before_pkey;

-- Entries and outcomes share their numbers, so that an outcome's is always above its entry's.
CREATE SEQUENCE audit_numbers AS bigint;

CREATE TABLE audit_entries (
    number bigint NOT NULL DEFAULT nextval('audit_numbers'),
    id text NOT NULL,
    at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
    actor text NOT NULL,
    actor_name text NOT NULL,
    agency text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('collection', 'alteration', 'consultation', 'disclosure', 'combination', 'erasure', 'refusal')),
    action text NOT NULL,
    subjects text[] NOT NULL,
    purpose text NOT NULL,
    reference text NOT NULL,
    detail jsonb NOT NULL,
    PRIMARY KEY (number, at)
) PARTITION BY RANGE (at);
CREATE INDEX audit_entries_by_id ON audit_entries (id);
CREATE INDEX audit_entries_by_actor ON audit_entries (actor, number DESC);
CREATE INDEX audit_entries_by_agency ON audit_entries (agency, number DESC);
CREATE INDEX audit_entries_by_reference ON audit_entries (reference, number DESC) WHERE reference <> '';
-- No pending list: a search must not have to read through what was added lately.
CREATE INDEX audit_entries_by_subject ON audit_entries USING gin (subjects) WITH (fastupdate = off);

CREATE TABLE audit_outcomes (
    number bigint NOT NULL DEFAULT nextval('audit_numbers'),
    entry text NOT NULL,
    at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
    outcome text NOT NULL CHECK (outcome IN ('answered', 'refused', 'failed')),
    count bigint NOT NULL,
    PRIMARY KEY (number, at)
) PARTITION BY RANGE (at);
CREATE INDEX audit_outcomes_by_entry ON audit_outcomes (entry);

-- Committed and not yet in the tree: written in the transaction of the entry, taken away by the sequencer.
CREATE TABLE audit_pending (
    number bigint PRIMARY KEY,
    at timestamptz(3) NOT NULL,
    outcome boolean NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, fillfactor = 90);

-- The leaves of the tree, without gaps, in the order in which the sequencer found the entries committed.
CREATE TABLE audit_leaves (
    leaf bigint PRIMARY KEY,
    number bigint NOT NULL UNIQUE,
    at timestamptz(3) NOT NULL,
    outcome boolean NOT NULL,
    hash bytea NOT NULL CHECK (length(hash) = 32)
);

-- Perfect subtrees of 2^8, 2^16, 2^24 … leaves: with them a proof reads a few hundred hashes however large the tree is.
CREATE TABLE audit_nodes (
    level smallint NOT NULL,
    position bigint NOT NULL,
    hash bytea NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (level, position)
);

-- The name of this tree: one row, so that check-points of one platform can never pass for those of another.
CREATE TABLE audit_origin (origin text PRIMARY KEY);
INSERT INTO audit_origin VALUES ('bluelamp.audit/' || gen_random_uuid());

CREATE TABLE audit_keys (
    number int PRIMARY KEY,
    vkey text NOT NULL UNIQUE,
    at timestamptz(3) NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE audit_checkpoints (
    number bigint PRIMARY KEY,
    size bigint NOT NULL,
    root bytea NOT NULL,
    at timestamptz(3) NOT NULL,
    note text NOT NULL
);
CREATE INDEX audit_checkpoints_by_size ON audit_checkpoints (size);
CREATE TABLE audit_deliveries (
    checkpoint bigint PRIMARY KEY,
    at timestamptz(3) NOT NULL DEFAULT clock_timestamp()
);

-- Months whose time is over: what was dropped, and the audit entry that says so.
CREATE TABLE audit_tombstones (
    month date PRIMARY KEY,
    entries bigint NOT NULL,
    outcomes bigint NOT NULL,
    entry text NOT NULL,
    at timestamptz(3) NOT NULL DEFAULT clock_timestamp()
);

-- Append-only: not even the platform's own code can change or remove an entry by accident. A month past its time is dropped whole.
CREATE FUNCTION audit_month(month date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    first date := date_trunc('month', month);
    part text;
    piece text;
BEGIN
    FOREACH part IN ARRAY ARRAY['audit_entries', 'audit_outcomes'] LOOP
        piece := part || to_char(first, '_YYYY_MM');
        IF to_regclass(piece) IS NULL THEN
            EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)', piece, part,
                first::text || ' 00:00+00', (first + interval '1 month')::date::text || ' 00:00+00');
            EXECUTE format('CREATE TRIGGER no_truncate BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', piece);
        END IF;
    END LOOP;
EXCEPTION WHEN check_violation THEN
    -- The month began while nobody ran to make it, and has entries in the rest already: they stay there.
    NULL;
END $$;
DO $$
DECLARE first date;
BEGIN
    -- Months that have entries, this one and the next two; the platform makes later ones in time.
    SELECT coalesce(min(at) AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC') INTO first FROM audit_entries_before;
    PERFORM audit_month(month::date)
    FROM generate_series(date_trunc('month', first), now() AT TIME ZONE 'UTC' + interval '2 months', interval '1 month') AS month;
END $$;
-- Where an entry goes whose month was not made in time: nothing is ever refused for want of a partition.
CREATE TABLE audit_entries_rest PARTITION OF audit_entries DEFAULT;
CREATE TABLE audit_outcomes_rest PARTITION OF audit_outcomes DEFAULT;

-- What is there already keeps its order: entries as they were numbered, outcomes by time after their entries.
INSERT INTO audit_entries (id, at, actor, actor_name, agency, kind, action, subjects, purpose, reference, detail)
SELECT e.id, e.at, e.actor, e.actor_name, e.agency, e.kind, e.action, e.subjects, e.purpose, e.reference, e.detail
FROM audit_entries_before e ORDER BY e.number;
INSERT INTO audit_outcomes (entry, at, outcome, count)
SELECT o.entry, o.at, o.outcome, o.count FROM audit_outcomes_before o JOIN audit_entries_before e ON e.id = o.entry ORDER BY o.at, e.number;
INSERT INTO audit_pending SELECT number, at, false FROM audit_entries;
INSERT INTO audit_pending SELECT number, at, true FROM audit_outcomes;
DROP TABLE audit_outcomes_before;
DROP TABLE audit_entries_before;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON audit_entries FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON audit_outcomes FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON audit_leaves FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON audit_nodes FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON audit_checkpoints FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON audit_keys FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON audit_origin FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON audit_entries FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON audit_outcomes FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON audit_entries_rest FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON audit_outcomes_rest FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON audit_leaves FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON audit_nodes FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON audit_checkpoints FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
