"""Where is this? A place as said, read, and looked up in the deployer's data where its form needs that."""

from __future__ import annotations

from bluelamp.incidents.places import store
from bluelamp.incidents.places.settings import place_settings
from bluelamp.incidents.places.words import find_words
from bluelamp.incidents.positions.access import PLACES_FIND
from bluelamp.kit.geo import Form, Found, Place, Point, distance_m, parse_place, resolved, unresolved
from bluelamp.spine import audit
from bluelamp.spine.http import Caller
from bluelamp.spine.module import Spine
from bluelamp.spine.relational import Database

APART_M_MAX = 150.0
"""Two carriageways of one marker post are that near; what is further apart is not one place."""


async def find_place(spine: Spine, caller: Caller, said: str) -> Place:
    """A place as said, placed where it can be. Never an error: what cannot be placed says why."""
    intent = await audit.intend(spine.db, caller.actor, PLACES_FIND)
    place = await resolve(spine.db, said)
    await audit.conclude(spine.db, intent, "answered", int(place.placed))
    return place


async def resolve(db: Database, said: str) -> Place:
    """The same without a person: for gateways, and for incidents that come with a place in words."""
    place = parse_place(said)
    if place.placed or not place.key:
        return place
    if place.form is Form.WORDS:
        settings = place_settings()
        if not settings.words_url:
            return place
        found = await find_words(settings, place.key)
        return unresolved(place, known=True) if found is None else resolved(place, found)
    answers = await store.find(db, place.form, place.key)
    if not answers:
        return unresolved(place, known=await store.has(db, place.form))
    together = _together(answers)
    if together is None:
        return place._replace(
            why=f"the data has {place.key} at places far from each other: kept as said; say the carriageway, or another form"
        )
    return resolved(place, together)


def _together(answers: list[Found]) -> Found | None:
    """One place for the carriageways of a post; None where they are not near each other."""
    if len(answers) == 1:
        return answers[0]
    middle = Point(
        sum(found.point.latitude for found in answers) / len(answers), sum(found.point.longitude for found in answers) / len(answers)
    )
    reach = max(distance_m(middle, found.point) for found in answers)
    return Found(middle, round(reach + max(found.within_m or 0 for found in answers), 1)) if reach <= APART_M_MAX else None
