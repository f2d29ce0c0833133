-- TAK devices: a certificate of our own authority for each, and the one-time tokens that certificates are had for.
CREATE TABLE cot_enrolments (
    id text PRIMARY KEY,
    -- The token is told once and kept nowhere.
    digest bytea NOT NULL UNIQUE,
    person text NOT NULL REFERENCES users (id),
    agency text NOT NULL REFERENCES agencies (code),
    label text NOT NULL CHECK (length(label) <= 120),
    created_at timestamptz(3) NOT NULL DEFAULT now(),
    expires_at timestamptz(3) NOT NULL,
    used_at timestamptz(3),
    device text
);
CREATE INDEX cot_enrolments_by_expiry ON cot_enrolments (expires_at);

CREATE TABLE cot_devices (
    id text PRIMARY KEY,
    -- Of the certificate, in hexadecimal.
    serial text NOT NULL UNIQUE,
    person text NOT NULL REFERENCES users (id),
    -- The agency whose post the person acted in when enrolling: the device speaks for that agency and no other.
    agency text NOT NULL REFERENCES agencies (code),
    label text NOT NULL CHECK (length(label) <= 120),
    -- What the device calls itself, bound when it first says so: nobody else may.
    uid text UNIQUE,
    call_sign text NOT NULL DEFAULT '',
    enrolled_at timestamptz(3) NOT NULL DEFAULT now(),
    expires_at timestamptz(3) NOT NULL,
    seen_at timestamptz(3),
    revoked_at timestamptz(3),
    revoked_by text NOT NULL DEFAULT ''
);
CREATE INDEX cot_devices_by_person ON cot_devices (person, enrolled_at DESC);
CREATE INDEX cot_devices_by_agency ON cot_devices (agency, enrolled_at DESC);
