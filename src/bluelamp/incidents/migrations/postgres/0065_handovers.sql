-- Hand-over between control rooms: who they are, what went to and fro, and which of their incidents is which of ours.
CREATE TABLE handover_partners (
    id text PRIMARY KEY,
    -- Whose control room speaks with them.
    owner text NOT NULL REFERENCES agencies (code),
    -- What they are called here: an agency's code where they work on incidents with us.
    agency text NOT NULL,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 120),
    format text NOT NULL,
    -- Where their messages go; empty: they only send.
    url text NOT NULL DEFAULT '',
    -- What they and we are called in the format, where that is not the agency's code.
    address text NOT NULL DEFAULT '',
    own_address text NOT NULL DEFAULT '',
    -- The key that they gave us. It has to be said to them, so it cannot be kept as a digest.
    their_key text NOT NULL DEFAULT '',
    active boolean NOT NULL DEFAULT true,
    created_at timestamptz(3) NOT NULL,
    changed_at timestamptz(3) NOT NULL,
    UNIQUE (owner, agency, format)
);

CREATE TABLE handover_keys (
    id text PRIMARY KEY,
    partner text NOT NULL REFERENCES handover_partners (id),
    key_sha256 bytea NOT NULL UNIQUE,
    prefix text NOT NULL,
    created_at timestamptz(3) NOT NULL,
    revoked_at timestamptz(3)
);

-- One name of an incident that both sides know, and our incident behind it.
CREATE TABLE handover_links (
    partner text NOT NULL REFERENCES handover_partners (id),
    shared text NOT NULL,
    incident text NOT NULL,
    -- Whether they began it.
    theirs boolean NOT NULL,
    -- No longer told how it goes on.
    ended boolean NOT NULL DEFAULT false,
    -- Number of the last event of ours that was told to them, or passed over.
    told bigint NOT NULL DEFAULT 0,
    -- What they said last, to see what is new in what they say next.
    last jsonb,
    PRIMARY KEY (partner, shared)
);
CREATE INDEX handover_links_by_incident ON handover_links (incident);

-- Every message, both ways.
CREATE TABLE handover_transfers (
    id text PRIMARY KEY,
    partner text NOT NULL REFERENCES handover_partners (id),
    direction text NOT NULL CHECK (direction IN ('out', 'in')),
    kind text NOT NULL,
    -- By which the receiver knows a repeat; empty: it could not be read.
    message_id text NOT NULL,
    incident text,
    shared text NOT NULL DEFAULT '',
    -- The event or request that caused it, so that a cause that is told twice sends once.
    cause text NOT NULL DEFAULT '',
    -- out: queued, sending, sent (a receipt is awaited), received, refused. in: reading, received, refused. Both: dead, dropped.
    state text NOT NULL,
    tries integer NOT NULL DEFAULT 0,
    next_at timestamptz(3) NOT NULL,
    notes text[] NOT NULL DEFAULT '{}',
    body bytea,
    digest bytea,
    answer bytea,
    reason text NOT NULL DEFAULT '',
    created_at timestamptz(3) NOT NULL,
    sent_at timestamptz(3),
    settled_at timestamptz(3),
    settled_by text NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX handover_transfers_once ON handover_transfers (partner, direction, message_id) WHERE message_id <> '';
CREATE UNIQUE INDEX handover_transfers_by_cause ON handover_transfers (partner, cause) WHERE cause <> '';
CREATE INDEX handover_transfers_due ON handover_transfers (next_at) WHERE direction = 'out' AND state IN ('queued', 'sending', 'sent');
CREATE INDEX handover_transfers_in_order ON handover_transfers (partner, shared, id) WHERE direction = 'out';
CREATE INDEX handover_transfers_by_incident ON handover_transfers (incident, id);
CREATE INDEX handover_transfers_waiting ON handover_transfers (state, id) WHERE state IN ('dead', 'refused');
