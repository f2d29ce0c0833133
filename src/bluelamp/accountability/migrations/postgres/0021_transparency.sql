-- What the public is told: figures by day, counted once when the day is over, and the report of each day. No person, no vehicle.
CREATE TABLE transparency_days (
    day date NOT NULL,
    figure text NOT NULL,
    name text NOT NULL,
    count bigint NOT NULL CHECK (count >= 0),
    PRIMARY KEY (day, figure, name)
);

CREATE TABLE transparency_counted (
    day date PRIMARY KEY
);

CREATE TABLE transparency_reports (
    day date PRIMARY KEY,
    at timestamptz(3) NOT NULL DEFAULT now(),
    report jsonb NOT NULL
);
