-- People whom an OpenID Connect provider vouches for, and what is under way with one.
CREATE TABLE provider_accounts (
    issuer text NOT NULL,
    subject text NOT NULL CHECK (length(subject) BETWEEN 1 AND 255),
    person text NOT NULL REFERENCES users (id),
    created_at timestamptz(3) NOT NULL DEFAULT now(),
    PRIMARY KEY (issuer, subject)
);
CREATE INDEX provider_accounts_by_person ON provider_accounts (person);

-- A sign-in that a browser has begun: answered once, by the same browser, within minutes.
CREATE TABLE provider_attempts (
    state bytea PRIMARY KEY,
    provider text NOT NULL,
    nonce text NOT NULL,
    verifier text NOT NULL,
    browser bytea NOT NULL,
    redirect_uri text NOT NULL,
    onward text NOT NULL,
    fresh boolean NOT NULL,
    address text NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX provider_attempts_by_expiry ON provider_attempts (expires_at);

CREATE TABLE provider_sessions (
    session text PRIMARY KEY REFERENCES sessions (id) ON DELETE CASCADE,
    provider text NOT NULL,
    issuer text NOT NULL,
    subject text NOT NULL,
    -- The provider's own name of the session, where it tells one.
    sid text NOT NULL,
    -- Handed back when the person signs out there; it opens nothing here.
    id_token text NOT NULL
);
CREATE INDEX provider_sessions_by_sid ON provider_sessions (issuer, sid);
CREATE INDEX provider_sessions_by_subject ON provider_sessions (issuer, subject);

-- Logout tokens that have been acted on: none counts twice.
CREATE TABLE provider_tokens_used (
    issuer text NOT NULL,
    jti text NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (issuer, jti)
);
