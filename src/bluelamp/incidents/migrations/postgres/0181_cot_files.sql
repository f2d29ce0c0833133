-- Files that TAK devices send each other. They are on their way: what belongs to an incident becomes its media, the rest is deleted.
CREATE TABLE cot_files (
    id text PRIMARY KEY,
    sha256 text NOT NULL,
    bytes bigint NOT NULL CHECK (bytes > 0),
    name text NOT NULL CHECK (length(name) <= 200),
    content_type text NOT NULL,
    -- `public`: everybody of the agency; `private`: those whom it was sent to.
    tool text NOT NULL DEFAULT 'private',
    keywords text[] NOT NULL DEFAULT '{}',
    person text NOT NULL REFERENCES users (id),
    username text NOT NULL,
    agency text NOT NULL REFERENCES agencies (code),
    device text NOT NULL,
    at timestamptz(3) NOT NULL DEFAULT now(),
    expires_at timestamptz(3) NOT NULL,
    UNIQUE (sha256, person, agency)
);
CREATE INDEX cot_files_by_person ON cot_files (person);
CREATE INDEX cot_files_by_expiry ON cot_files (expires_at);

-- Who may have it besides its sender: `person:ID`, or a group as the gateway routes by.
CREATE TABLE cot_file_readers (
    file text NOT NULL REFERENCES cot_files (id) ON DELETE CASCADE,
    reader text NOT NULL CHECK (length(reader) <= 100),
    PRIMARY KEY (file, reader)
);

-- Clients ask for attachments of missions by hash.
CREATE INDEX incident_media_by_hash ON incident_media (sha256);
