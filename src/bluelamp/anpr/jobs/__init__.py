"""Work repeated on a timetable."""
