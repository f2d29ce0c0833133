-- Authority for one case to look where policy asks for one, asked for and given; and overrides where life was in danger.
CREATE TABLE authorisations (
    id text PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('authority', 'override')),
    state text NOT NULL CHECK (state IN ('asked', 'granted', 'refused', 'revoked', 'expired')),
    person text NOT NULL REFERENCES users (id),
    username text NOT NULL,
    person_name text NOT NULL,
    agency text NOT NULL REFERENCES agencies (code),
    -- Line manager when it was asked for; empty: none was known.
    manager text NOT NULL,
    purpose text NOT NULL,
    reference text NOT NULL,
    -- What it covers: these vehicles, or a pattern of them, and or a place ({"bbox"}, {"area"} or {"cameras"}).
    vrms text[] NOT NULL,
    pattern text NOT NULL,
    place jsonb,
    -- Reads of this period.
    data_from timestamptz(3) NOT NULL,
    data_to timestamptz(3) NOT NULL,
    grounds text NOT NULL CHECK (length(grounds) BETWEEN 1 AND 2000),
    hours int NOT NULL CHECK (hours BETWEEN 1 AND 8784),
    asked_at timestamptz(3) NOT NULL,
    decided_at timestamptz(3),
    decided_by text NOT NULL DEFAULT '',
    decided_by_name text NOT NULL DEFAULT '',
    decision text NOT NULL DEFAULT '',
    -- Of a question: until when it waits for an answer. Of an authority: until when it opens anything.
    expires_at timestamptz(3) NOT NULL,
    reminded_at timestamptz(3),
    ended_at timestamptz(3),
    ended_by text NOT NULL DEFAULT '',
    -- '': nobody need look. Overrides are reviewed after; accountability/reviews sets `done`.
    review_state text NOT NULL DEFAULT '' CHECK (review_state IN ('', 'due', 'done')),
    CHECK (data_from < data_to),
    CHECK (cardinality(vrms) > 0 OR pattern <> '' OR place IS NOT NULL)
);
CREATE INDEX authorisations_by_person ON authorisations (person, id DESC);
CREATE INDEX authorisations_waiting ON authorisations (agency, id) WHERE state = 'asked';
CREATE INDEX authorisations_by_agency ON authorisations (agency, id DESC);
CREATE INDEX authorisations_in_force ON authorisations (person, purpose, reference) WHERE state = 'granted';
CREATE INDEX authorisations_by_expiry ON authorisations (expires_at) WHERE state IN ('asked', 'granted');
CREATE INDEX authorisations_to_review ON authorisations (agency, id) WHERE review_state = 'due';

-- Who decides while somebody who may give authority is off duty.
CREATE TABLE authority_deputies (
    id text PRIMARY KEY,
    agency text NOT NULL REFERENCES agencies (code),
    principal text NOT NULL REFERENCES users (id),
    principal_name text NOT NULL,
    deputy text NOT NULL REFERENCES users (id),
    deputy_name text NOT NULL,
    starts_at timestamptz(3) NOT NULL,
    ends_at timestamptz(3) NOT NULL,
    created_at timestamptz(3) NOT NULL DEFAULT now(),
    CHECK (starts_at < ends_at),
    CHECK (principal <> deputy)
);
CREATE INDEX authority_deputies_by_deputy ON authority_deputies (deputy, ends_at);
