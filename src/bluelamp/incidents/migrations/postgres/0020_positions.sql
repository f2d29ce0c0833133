-- Positions go by what is recorded of resources and crews: every process hears which of them changed, in the change's own transaction,
-- so that nobody is tracked a moment longer than they are on duty.
CREATE FUNCTION tell_resource_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('resource_changed', coalesce(NEW.id, OLD.id));
    RETURN NULL;
END $$;
CREATE TRIGGER resource_changed AFTER INSERT OR DELETE ON resources FOR EACH ROW EXECUTE FUNCTION tell_resource_changed();
CREATE TRIGGER resource_changed_in AFTER UPDATE ON resources FOR EACH ROW
    WHEN ((OLD.agency, OLD.call_sign, OLD.type, OLD.covert, OLD.status, OLD.closed_at)
        IS DISTINCT FROM (NEW.agency, NEW.call_sign, NEW.type, NEW.covert, NEW.status, NEW.closed_at))
    EXECUTE FUNCTION tell_resource_changed();

CREATE FUNCTION tell_crew_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('resource_changed', 'person:' || coalesce(NEW.person, OLD.person));
    IF TG_OP <> 'INSERT' THEN
        PERFORM pg_notify('resource_changed', OLD.resource);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER crew_changed AFTER INSERT OR UPDATE OR DELETE ON resource_crews FOR EACH ROW EXECUTE FUNCTION tell_crew_changed();

-- Devices that sit in a resource and send by MQTT. Each may publish its own topic and nothing else.
CREATE TABLE position_sources (
    id text PRIMARY KEY,
    name text NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 120),
    resource text NOT NULL REFERENCES resources (id),
    key_hash bytea NOT NULL,
    created_at timestamptz(3) NOT NULL,
    revoked_at timestamptz(3)
);

-- The deployer's data about places: postcodes, marker posts, junctions, by their normal form (`LA9 4PU`, `M6 172.4 A`, `M6 J36`).
CREATE TABLE known_places (
    form text NOT NULL CHECK (form IN ('postcode', 'marker_post', 'junction')),
    key text NOT NULL CHECK (length(key) BETWEEN 1 AND 40),
    latitude double precision NOT NULL,
    longitude double precision NOT NULL,
    within_m double precision,
    PRIMARY KEY (form, key)
);
