-- What an agency lets another see of its own. Nothing is shared but by a rule that stands now; a rule is revoked, never edited or removed.
CREATE TABLE sharing_rules (
    id text PRIMARY KEY,
    kind text NOT NULL CHECK (kind ~ '^[a-z_]{1,40}$'),
    owner text NOT NULL REFERENCES agencies (code),
    receiver text NOT NULL REFERENCES agencies (code),
    -- One thing of that kind, such as a list; NULL: all of them.
    item text CHECK (length(item) BETWEEN 1 AND 36),
    item_name text NOT NULL DEFAULT '',
    reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
    starts_at timestamptz(3) NOT NULL,
    ends_at timestamptz(3),
    made_by text NOT NULL,
    made_by_name text NOT NULL,
    made_at timestamptz(3) NOT NULL DEFAULT now(),
    revoked_at timestamptz(3),
    revoked_by_name text NOT NULL DEFAULT '',
    revoked_by_agency text NOT NULL DEFAULT '',
    CHECK (owner <> receiver),
    CHECK (ends_at IS NULL OR ends_at > starts_at)
);
CREATE INDEX sharing_rules_received ON sharing_rules (receiver, kind) WHERE revoked_at IS NULL;
CREATE INDEX sharing_rules_given ON sharing_rules (owner, id DESC);

-- What a capability joins to its own questions, so that a revoked rule counts for nothing in the very next one.
CREATE FUNCTION shared_with(reader text, wanted text) RETURNS TABLE (owner text, item text) LANGUAGE sql STABLE AS $$
    SELECT r.owner, r.item FROM sharing_rules r
    WHERE r.receiver = reader AND r.kind = wanted AND r.revoked_at IS NULL
      AND r.starts_at <= now() AND (r.ends_at IS NULL OR r.ends_at > now())
$$;
