-- Units of agencies, and who works where in which post: roles belong to a post, so they are by agency.
CREATE TABLE units (
    id text PRIMARY KEY,
    agency text NOT NULL REFERENCES agencies (code),
    -- How the force's own directory names it; never changes.
    code text NOT NULL CHECK (code ~ '^[A-Z0-9][A-Z0-9-]{0,31}$'),
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 120),
    parent text,
    created_at timestamptz(3) NOT NULL DEFAULT now(),
    closed_at timestamptz(3),
    UNIQUE (agency, code),
    UNIQUE (agency, id),
    FOREIGN KEY (agency, parent) REFERENCES units (agency, id),
    CHECK (parent <> id)
);

ALTER TABLE users
    ADD COLUMN email text NOT NULL DEFAULT '' CHECK (length(email) <= 254),
    -- Set: the person has left. Unlike a closed account, a new post opens it again.
    ADD COLUMN left_at timestamptz(3);

-- One row for each post a person holds, held or will hold. Posts are ended, never removed: who could see what, and when, must be told years later.
CREATE TABLE memberships (
    id text PRIMARY KEY,
    person text NOT NULL REFERENCES users (id),
    agency text NOT NULL REFERENCES agencies (code),
    unit text,
    kind text NOT NULL CHECK (kind IN ('home', 'secondment')),
    roles text[] NOT NULL,
    rank text NOT NULL DEFAULT '' CHECK (length(rank) <= 60),
    manager text REFERENCES users (id),
    shift_pattern text NOT NULL DEFAULT '' CHECK (length(shift_pattern) <= 120),
    starts_at timestamptz(3) NOT NULL DEFAULT now(),
    ends_at timestamptz(3),
    -- A secondment is offered by the home agency and gives nothing until the host agency has accepted it.
    accepted_at timestamptz(3),
    created_at timestamptz(3) NOT NULL DEFAULT now(),
    FOREIGN KEY (agency, unit) REFERENCES units (agency, id),
    CHECK (ends_at IS NULL OR ends_at >= starts_at),
    CHECK (manager <> person)
);
CREATE INDEX memberships_by_person ON memberships (person, starts_at DESC);
CREATE INDEX memberships_by_agency ON memberships (agency, person);
CREATE INDEX memberships_by_manager ON memberships (manager) WHERE manager IS NOT NULL;
CREATE INDEX memberships_by_end ON memberships (ends_at) WHERE ends_at IS NOT NULL;

CREATE FUNCTION in_force(m memberships) RETURNS boolean LANGUAGE sql STABLE AS
$$ SELECT m.accepted_at IS NOT NULL AND m.starts_at <= now() AND (m.ends_at IS NULL OR m.ends_at > now()) $$;

INSERT INTO memberships (id, person, agency, kind, roles, starts_at, accepted_at)
SELECT replace(gen_random_uuid()::text, '-', ''), id, agency, 'home', roles, created_at, created_at FROM users;

-- `users.agency` and `users.roles` say what the home post says. Whoever sets them there sets the post, so the two cannot part.
CREATE FUNCTION post_follows_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO memberships (id, person, agency, kind, roles, starts_at, accepted_at)
        VALUES (replace(gen_random_uuid()::text, '-', ''), NEW.id, NEW.agency, 'home', NEW.roles, NEW.created_at, now());
    ELSE
        UPDATE memberships m SET roles = NEW.roles
        WHERE m.person = NEW.id AND m.kind = 'home' AND m.agency = NEW.agency AND in_force(m) AND m.roles <> NEW.roles;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER users_first_post AFTER INSERT ON users FOR EACH ROW EXECUTE FUNCTION post_follows_account();
CREATE TRIGGER users_roles AFTER UPDATE OF roles ON users FOR EACH ROW EXECUTE FUNCTION post_follows_account();

-- Which of several posts a signed-in person acts in; empty: the home post.
ALTER TABLE sessions ADD COLUMN acting text REFERENCES memberships (id);
