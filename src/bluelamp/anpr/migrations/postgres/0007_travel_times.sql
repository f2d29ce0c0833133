-- How long vehicles take from one camera to another, learnt from reads and made afresh by a job: camera numbers and seconds,
-- no plate. Bounded by the job (store/travel_times.py).
CREATE TABLE anpr_travel_times (
    start_camera int NOT NULL,
    end_camera int NOT NULL,
    seconds real NOT NULL,
    observed int NOT NULL,
    PRIMARY KEY (start_camera, end_camera)
);
