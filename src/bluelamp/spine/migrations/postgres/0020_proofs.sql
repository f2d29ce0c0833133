-- How a browser session was opened, when the person last proved who they are, and whether it waits for a new proof.
ALTER TABLE sessions
    ADD COLUMN method text NOT NULL DEFAULT 'password' CHECK (method IN ('password', 'passkey', 'provider')),
    ADD COLUMN address text NOT NULL DEFAULT '',
    ADD COLUMN proved_at timestamptz(3),
    ADD COLUMN locked_at timestamptz(3),
    -- What failed in the person's name before this sign-in, told to them afterwards.
    ADD COLUMN failed_before integer NOT NULL DEFAULT 0,
    ADD COLUMN failed_at timestamptz,
    ADD COLUMN locked_out_before boolean NOT NULL DEFAULT false;

-- Public keys of people's authenticators. A copy of this table opens nothing.
CREATE TABLE passkeys (
    id text PRIMARY KEY,
    person text NOT NULL REFERENCES users (id),
    credential bytea NOT NULL UNIQUE CHECK (length(credential) BETWEEN 1 AND 1023),
    public_key bytea NOT NULL,
    rp_id text NOT NULL,
    sign_count bigint NOT NULL,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 60),
    transports text[] NOT NULL,
    backed_up boolean NOT NULL,
    created_at timestamptz(3) NOT NULL DEFAULT now(),
    used_at timestamptz(3),
    -- Its counter went back: there may be a copy of it, so neither opens anything.
    suspended_at timestamptz(3)
);
CREATE INDEX passkeys_by_person ON passkeys (person);

-- What an authenticator was asked to sign: once, within minutes, by the browser that asked.
CREATE TABLE passkey_challenges (
    digest bytea PRIMARY KEY,
    use text NOT NULL CHECK (use IN ('sign_in', 'prove', 'enrol')),
    bound_to text NOT NULL,
    address text NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX passkey_challenges_by_expiry ON passkey_challenges (expires_at);
