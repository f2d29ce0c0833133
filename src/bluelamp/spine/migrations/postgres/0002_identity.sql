-- People, how they prove who they are, and what they hold while signed in.
CREATE TABLE users (
    id text PRIMARY KEY,
    username text NOT NULL UNIQUE CHECK (username ~ '^[a-z0-9][a-z0-9._-]{1,63}$'),
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 120),
    agency text NOT NULL REFERENCES agencies (code),
    roles text[] NOT NULL,
    active boolean NOT NULL DEFAULT true,
    password_hash text NOT NULL DEFAULT '',
    -- Set: an administrator chose this password. It works until then, and opens nothing but the change of it.
    one_time_until timestamptz,
    created_at timestamptz(3) NOT NULL DEFAULT now()
);
CREATE INDEX users_by_agency ON users (agency, username);

-- Browser sessions and programs' tokens: kept as digests, so that a copy of this table opens nothing.
CREATE TABLE sessions (
    id text PRIMARY KEY,
    digest bytea NOT NULL UNIQUE,
    kind text NOT NULL CHECK (kind IN ('browser', 'token')),
    person text NOT NULL REFERENCES users (id),
    label text NOT NULL CHECK (length(label) <= 120),
    created_at timestamptz(3) NOT NULL DEFAULT now(),
    used_at timestamptz(3) NOT NULL DEFAULT now(),
    expires_at timestamptz(3) NOT NULL
);
CREATE INDEX sessions_by_person ON sessions (person);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- An attempt counts as failed until it has succeeded, so that a thousand at once are still a thousand.
CREATE TABLE sign_in_failures (
    account bytea NOT NULL,
    address text NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX sign_in_failures_by_account ON sign_in_failures (account, at);
CREATE INDEX sign_in_failures_by_address ON sign_in_failures (address, at);

CREATE TABLE job_runs (
    job text PRIMARY KEY,
    started_at timestamptz(3) NOT NULL,
    finished_at timestamptz(3),
    failure text NOT NULL DEFAULT ''
);
