"""Names of streams and subjects, in one place."""

from __future__ import annotations

INCIDENTS_STREAM = "INCIDENTS"
INCIDENTS_SUBJECTS = "incidents.>"
EVENTS = "incidents.events."
"""How subjects of events begin."""
REPEAT_WINDOW_S = 3600
"""For how long an event that the outbox publishes again, as its worker was killed, is known: longer than anybody leaves that lying."""
RECEIPTS_SUBJECT = "receipts.incidents"
"""Whispered: kept in the records, told in passing."""


def subject_of(incident: str) -> str:
    """Where the events of an incident are published; empty: emergencies that belong to none yet."""
    return f"{EVENTS}{incident or 'none'}"
