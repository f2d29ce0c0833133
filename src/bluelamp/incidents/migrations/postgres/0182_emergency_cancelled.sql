-- When who pressed said that it is over; it stays open until a control room closes it.
ALTER TABLE emergencies ADD COLUMN cancelled_at timestamptz(3);
