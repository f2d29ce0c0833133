"""Searching: what a person may ask of the history, as pure rules. No I/O; the SQL is in store/history.py."""
