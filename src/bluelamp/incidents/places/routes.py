"""The door of places."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from bluelamp.incidents.places.commands import shown
from bluelamp.incidents.places.queries import find_place
from bluelamp.incidents.positions.access import PLACES_FIND
from bluelamp.kit.geo.reading import SAID_MAX
from bluelamp.spine.http import Caller, SpineHere, permit

router = APIRouter(tags=["incidents"], prefix="/incidents")


class FormsShown(BaseModel):
    """One point in every form; null where a form does not reach."""

    decimal: str
    degrees: str
    grid_reference: str | None
    easting_northing: str | None


class PlaceShown(BaseModel):
    """What was made of a place as said. Not placed: `why` says what to ask for."""

    said: str
    form: str
    placed: bool
    latitude: float | None
    longitude: float | None
    within_m: float | None
    """The true place is within so many metres, as far as the form tells."""
    key: str
    """Normal form of a postcode, marker post or junction."""
    why: str
    """Why it is not placed, or a doubt to be cleared up."""
    shown: FormsShown | None


@router.get("/places")
async def find_a_place(
    spine: SpineHere,
    caller: Annotated[Caller, permit(PLACES_FIND)],
    q: Annotated[str, Query(min_length=1, max_length=SAID_MAX, examples=["SD 517 928"])],
) -> PlaceShown:
    """Find a place as people say it: grid reference, easting and northing, coordinates, postcode, road with marker post or junction.

    What cannot be placed is kept as said, with the reason; nothing is guessed.
    """
    return PlaceShown.model_validate(shown(await find_place(spine, caller, q)))
