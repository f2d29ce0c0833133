"""An authorisation as it stands, and whether it covers a look. No I/O."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, NamedTuple

from bluelamp.contracts.authorities import Asked
from bluelamp.spine.audit import Actor, Purpose

State = Literal["asked", "granted", "refused", "revoked", "expired"]
Kind = Literal["authority", "override"]


class Authorisation(NamedTuple):
    """A request for authority and what became of it; or an override."""

    id: str
    kind: Kind
    state: State
    person: str
    username: str
    person_name: str
    agency: str
    manager: str
    purpose: str
    reference: str
    vrms: tuple[str, ...]
    pattern: str
    place: dict[str, Any] | None
    data_from: datetime
    data_to: datetime
    grounds: str
    hours: int
    asked_at: datetime
    decided_at: datetime | None
    decided_by: str
    decided_by_name: str
    decision: str
    expires_at: datetime
    ended_at: datetime | None
    review_state: str

    @property
    def why(self) -> Purpose:
        return Purpose(self.purpose, self.reference)

    @property
    def subjects(self) -> tuple[str, ...]:
        """What "who looked at this?" finds: the vehicles, the person and the authorisation itself."""
        return (*self.vrms, *((self.pattern,) if self.pattern else ()), self.id)

    @property
    def asker(self) -> Actor:
        return Actor(self.person, self.username, self.agency)


def same_reference(a: str, b: str) -> bool:
    """One case, however it is typed."""
    return " ".join(a.split()).casefold() == " ".join(b.split()).casefold()


def covers(held: Authorisation, asked: Asked) -> bool:
    """Whether a look stays within what was authorised: its purpose, case, vehicles and place. Its period is checked by who asks."""
    if (held.person, held.purpose) != (asked.person, asked.purpose) or not same_reference(held.reference, asked.reference):
        return False
    if held.vrms and not (asked.vrms and set(asked.vrms) <= set(held.vrms)):
        return False
    if held.pattern and not (asked.pattern == held.pattern and not asked.vrms):
        return False
    return held.place is None or _inside(held.place, asked.place)


def _inside(held: dict[str, Any], asked: dict[str, Any] | None) -> bool:
    if asked is None or held.keys() != asked.keys():
        return False
    if "cameras" in held:
        return set(asked["cameras"]) <= set(held["cameras"])
    if "bbox" in held:
        (w, s, e, n), (aw, as_, ae, an) = held["bbox"], asked["bbox"]
        return bool(w <= aw and s <= as_ and ae <= e and an <= n)
    return bool(held["area"] == asked["area"])
