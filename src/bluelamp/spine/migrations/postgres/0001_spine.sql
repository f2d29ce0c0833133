-- Organisations, people, audit, events: what every capability stands on.
CREATE TABLE agencies (
    code text PRIMARY KEY CHECK (code ~ '^[A-Z0-9]{2,8}$'),
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 120),
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE audit_entries (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text NOT NULL UNIQUE,
    at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
    actor text NOT NULL,
    actor_name text NOT NULL,
    agency text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('collection', 'alteration', 'consultation', 'disclosure', 'combination', 'erasure', 'refusal')),
    action text NOT NULL,
    subjects text[] NOT NULL,
    purpose text NOT NULL,
    reference text NOT NULL,
    detail jsonb NOT NULL
);
CREATE INDEX audit_entries_by_actor ON audit_entries (actor, number DESC);
CREATE INDEX audit_entries_by_agency ON audit_entries (agency, number DESC);
CREATE INDEX audit_entries_by_subject ON audit_entries USING gin (subjects);

CREATE TABLE audit_outcomes (
    entry text PRIMARY KEY REFERENCES audit_entries (id),
    at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
    outcome text NOT NULL CHECK (outcome IN ('answered', 'refused', 'failed')),
    count bigint NOT NULL
);

-- Append-only: not even the platform's own code can change or remove an entry by accident.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'audit entries are append-only'; END $$;
CREATE TRIGGER audit_entries_append_only BEFORE UPDATE OR DELETE ON audit_entries FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_entries_no_truncate BEFORE TRUNCATE ON audit_entries FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_outcomes_append_only BEFORE UPDATE OR DELETE ON audit_outcomes FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_outcomes_no_truncate BEFORE TRUNCATE ON audit_outcomes FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE outbox (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subject text NOT NULL,
    payload bytea NOT NULL
);
