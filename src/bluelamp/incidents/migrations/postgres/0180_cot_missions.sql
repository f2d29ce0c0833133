-- What TAK devices call drawings of incidents, and who wants to be told of changes. The incident itself stays the only truth.
CREATE TABLE cot_features (
    feature text PRIMARY KEY,
    uid text NOT NULL CHECK (length(uid) <= 256),
    type text NOT NULL CHECK (length(type) <= 256)
);

CREATE TABLE cot_subscriptions (
    device text NOT NULL REFERENCES cot_devices (id) ON DELETE CASCADE,
    incident text NOT NULL REFERENCES incidents (id) ON DELETE CASCADE,
    -- As the device called itself when it subscribed.
    uid text NOT NULL CHECK (length(uid) <= 256),
    at timestamptz(3) NOT NULL DEFAULT now(),
    PRIMARY KEY (device, incident)
);
CREATE INDEX cot_subscriptions_by_incident ON cot_subscriptions (incident);
