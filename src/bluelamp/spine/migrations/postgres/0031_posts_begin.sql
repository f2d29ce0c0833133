-- A first post begins in the millisecond before its account: rounded up, it would not have begun yet for half of one.
CREATE OR REPLACE FUNCTION post_follows_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO memberships (id, person, agency, kind, roles, starts_at, accepted_at)
        VALUES (replace(gen_random_uuid()::text, '-', ''), NEW.id, NEW.agency, 'home', NEW.roles,
                date_trunc('milliseconds', now()), date_trunc('milliseconds', now()));
    ELSE
        UPDATE memberships m SET roles = NEW.roles
        WHERE m.person = NEW.id AND m.kind = 'home' AND m.agency = NEW.agency AND in_force(m) AND m.roles <> NEW.roles;
    END IF;
    RETURN NULL;
END $$;
