"""What the hits stream shows to viewers: a hit, its amendments, what people do about it, reminders of ending entries,
that a standing search found something, and that a camera fell silent or came back. Beside it, in passing, how many reads come in.
"""

from __future__ import annotations

import logging
from itertools import groupby
from typing import Any

import msgspec

from bluelamp.anpr.access import CAMERAS_VIEW, HITS_VIEW, LISTS_VIEW, PRESERVATION_VIEW, SEARCHES_KEEP
from bluelamp.anpr.actions.hits import HitAction
from bluelamp.anpr.consumers.pulse import SUBJECT as PULSE_SUBJECT
from bluelamp.anpr.consumers.pulse import ReadsPulse
from bluelamp.anpr.jobs.camera_health import STATUS_SUBJECT, StatusChange
from bluelamp.anpr.jobs.lists import Reminder
from bluelamp.anpr.jobs.preservation import REVIEW_SUBJECT, ReviewDue
from bluelamp.anpr.jobs.standing import SUBJECT as STANDING_SUBJECT
from bluelamp.anpr.jobs.standing import StandingFound
from bluelamp.anpr.matching.hits import (
    ACTION_SUBJECT,
    AMENDED_SUBJECT,
    NEW_SUBJECT,
    REMINDER_SUBJECT,
    Hit,
    decode_hits,
)
from bluelamp.anpr.schemas.hits import hit_json
from bluelamp.anpr.sharing import SHARED_HITS
from bluelamp.anpr.tables import HITS_STREAM
from bluelamp.contracts.telling import SUBJECT as TOLD_SUBJECT
from bluelamp.contracts.telling import Told
from bluelamp.spine.bus import Message
from bluelamp.spine.live import LiveEvent, LiveSource, Passing, Shared

log = logging.getLogger(__name__)

_ACTION = msgspec.json.Decoder(HitAction)
_FOR_AGENCY: dict[str, tuple[msgspec.json.Decoder[Any], str, str]] = {
    REMINDER_SUBJECT: (msgspec.json.Decoder(Reminder), "entry_expiring", LISTS_VIEW),
    STANDING_SUBJECT: (msgspec.json.Decoder(StandingFound), "search_found", SEARCHES_KEEP),
    REVIEW_SUBJECT: (msgspec.json.Decoder(ReviewDue), "preservation_review", PRESERVATION_VIEW),
}
"""Events that name the agency they are for, by subject: how they are read, what they are called, who may see them."""
_STATUSES = msgspec.json.Decoder(list[StatusChange])
_PULSE = msgspec.json.Decoder(ReadsPulse)
_TOLD = msgspec.json.Decoder(Told)
"""What another capability tells (`contracts/telling.py`)."""
_KINDS = {NEW_SUBJECT: "hit", AMENDED_SUBJECT: "hit_amended"}


def render(message: Message) -> list[LiveEvent]:
    """The events of one message; none for what is not for viewers."""
    try:
        if message.subject in _KINDS:
            return [event for hit in decode_hits(message.payload) for event in _hit_events(_KINDS[message.subject], hit)]
        if message.subject == ACTION_SUBJECT:
            action = _ACTION.decode(message.payload)
            shared = Shared(SHARED_HITS, action.owner, action.list_id)
            return [LiveEvent("hit_action", message.payload, frozenset(action.agencies), HITS_VIEW, shared)]
        if message.subject in _FOR_AGENCY:
            decoder, kind, permission = _FOR_AGENCY[message.subject]
            return [LiveEvent(kind, message.payload, frozenset({decoder.decode(message.payload).agency}), permission)]
        if message.subject == TOLD_SUBJECT:
            told = _TOLD.decode(message.payload)
            return [LiveEvent(told.kind, msgspec.json.encode(told.data), frozenset({told.agency}), told.permission)]
        if message.subject == STATUS_SUBJECT:
            changes = _STATUSES.decode(message.payload)
            return [LiveEvent("camera_status", msgspec.json.encode(change), frozenset(), CAMERAS_VIEW) for change in changes]
    except msgspec.MsgspecError:
        log.warning("message %d of %s is not one to show", message.sequence, HITS_STREAM)
    return []


def _hit_events(kind: str, hit: Hit) -> list[LiveEvent]:
    """One event for the agencies that are to be alarmed and one for those that muted it."""
    agencies = sorted(hit.agencies, key=lambda agency: agency in hit.muted_for)
    events: list[LiveEvent] = []
    # Whom a rule lets see it gets it once, as those who are to be alarmed do.
    shared = Shared(SHARED_HITS, hit.entry.agency, hit.entry.list_id)
    for _, members in groupby(agencies, key=lambda agency: agency in hit.muted_for):
        seen_by = list(members)
        events.append(
            LiveEvent(kind, msgspec.json.encode(hit_json(hit, seen_by[0])), frozenset(seen_by), HITS_VIEW, None if events else shared)
        )
    return events


def render_pulse(payload: bytes) -> list[LiveEvent]:
    """The event of one pulse: for everyone who may see cameras, since it names no vehicle."""
    try:
        return [LiveEvent("reads", msgspec.json.encode(_PULSE.decode(payload)), frozenset(), CAMERAS_VIEW)]
    except msgspec.MsgspecError:
        log.warning("a message on %s is not a pulse", PULSE_SUBJECT)
        return []


LIVE = LiveSource(HITS_STREAM, render, Passing(PULSE_SUBJECT, render_pulse))
