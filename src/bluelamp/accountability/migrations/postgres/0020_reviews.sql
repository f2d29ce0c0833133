-- Second looks at looks. A draw says which looks of one agency's day fell into the sample, with all that is needed to draw it again.
CREATE TABLE review_draws (
    id text PRIMARY KEY,
    agency text NOT NULL REFERENCES agencies (code),
    period date NOT NULL,
    method text NOT NULL,
    seed text NOT NULL,
    rates text NOT NULL,
    least int NOT NULL,
    most int NOT NULL,
    -- Roles of everybody who looked, as they were: {person: [role]}. Roles change; what was drawn must not.
    roles jsonb NOT NULL,
    population bigint NOT NULL,
    entries text[] NOT NULL,
    drawn_at timestamptz(3) NOT NULL DEFAULT now(),
    UNIQUE (agency, period)
);

CREATE TABLE reviews (
    id text PRIMARY KEY,
    agency text NOT NULL REFERENCES agencies (code),
    kind text NOT NULL CHECK (kind IN ('sample', 'finding', 'override')),
    -- Of a sample the audit entry, otherwise the finding or the authorisation.
    source text NOT NULL,
    draw text REFERENCES review_draws (id),
    risk real NOT NULL CHECK (risk BETWEEN 0 AND 1),
    person text NOT NULL,
    username text NOT NULL,
    roles text[] NOT NULL,
    unit text NOT NULL,
    rank text NOT NULL,
    -- Line manager then: empty where none was known.
    manager text NOT NULL,
    looked_at timestamptz(3) NOT NULL,
    entries text[] NOT NULL,
    subjects text[] NOT NULL,
    purpose text NOT NULL,
    reference text NOT NULL,
    -- [{name, score, why}]: why somebody should look, in words.
    reasons jsonb NOT NULL,
    created_at timestamptz(3) NOT NULL DEFAULT now(),
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'asked', 'answered', 'seconding', 'decided')),
    -- The first of two people and what they said, where a second has to agree.
    proposed text NOT NULL DEFAULT '' CHECK (proposed IN ('', 'proper', 'improper')),
    proposed_by text NOT NULL DEFAULT '',
    outcome text NOT NULL DEFAULT '' CHECK (outcome IN ('', 'proper', 'improper')),
    decided_by text NOT NULL DEFAULT '',
    decided_at timestamptz(3),
    UNIQUE (kind, source),
    CHECK ((state = 'decided') = (decided_at IS NOT NULL)),
    CHECK ((state = 'decided') = (outcome <> ''))
);
CREATE INDEX reviews_open ON reviews (agency, risk DESC, id) WHERE state <> 'decided';
CREATE INDEX reviews_decided ON reviews (agency, decided_at) WHERE state = 'decided';
CREATE INDEX reviews_by_person ON reviews (person, id);
CREATE INDEX reviews_by_draw ON reviews (draw) WHERE draw IS NOT NULL;

CREATE TABLE review_steps (
    id text PRIMARY KEY,
    review text NOT NULL REFERENCES reviews (id) ON DELETE CASCADE,
    at timestamptz(3) NOT NULL,
    person text NOT NULL,
    username text NOT NULL,
    step text NOT NULL CHECK (step IN ('asked', 'answered', 'proposed', 'sent_back', 'decided')),
    outcome text NOT NULL,
    note text NOT NULL CHECK (length(note) <= 2000)
);
CREATE INDEX review_steps_by_review ON review_steps (review, id);
