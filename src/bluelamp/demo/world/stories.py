"""The planted stories: what a visitor can find in the nation, told with the plate and the expected finding.

Their plates carry the age identifier 77, which is first issued in September 2027: none is a real vehicle's today.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from bluelamp.demo.world.chance import Ints, stream
from bluelamp.demo.world.journeys import Trips, drives, local_day, midnight_s
from bluelamp.demo.world.marks import WIDTH, Marks
from bluelamp.demo.world.routes import Routes
from bluelamp.demo.world.towns import Towns
from bluelamp.demo.world.vehicles import Vehicles, colour_index, model_index

DAY_S = 86400.0
_LEG_ALLOWANCE = 1.6
"""A car that shuttles sets out again when this many times the free-flow time has passed, whatever the traffic."""
_SHUTTLE_PAUSE_S = 240.0
_CONVOY_PAUSE_S = 3 * 3600.0
"""A convoy passes the cameras of several forces on its way: more often, its hits would hide all others."""
_HEAD_START_S = 150.0
"""Shuttles are on the road already when the nation is first started, so that a visitor need not wait."""


@dataclass(frozen=True, slots=True)
class Player:
    """A vehicle of a story and how it is driven."""

    mark: str
    make: str
    model: str
    colour: str
    way: tuple[str, str]
    """Towns that it drives between."""
    history_days: tuple[int, int]
    """It is driven once there and back on each of these days before the nation's first; (0, 0) for none."""
    leaves_s: float = 7.8 * 3600
    returns_s: float = 17.3 * 3600
    lag_s: float = 0.0
    """Seconds behind the first car of a convoy."""
    live: bool = True
    """Whether it shuttles along its way from the nation's first moment on."""
    pause_s: float = _SHUTTLE_PAUSE_S


@dataclass(frozen=True, slots=True)
class Listing:
    """What a police list says of a plate."""

    mark: str
    reason: str
    priority: str
    marker: str
    instruction: str


@dataclass(frozen=True, slots=True)
class Story:
    title: str
    players: tuple[Player, ...]
    listings: tuple[Listing, ...]
    tell: str
    """What to try, and what is then seen."""


_THEFT = (1, 2)

STORIES: tuple[Story, ...] = (
    Story(
        "A stolen car",
        (
            Player("KE77STL", "Ford", "Focus", "blue", ("Preston", "Blackburn"), (3, 60), live=False),
            Player("KE77STL", "Ford", "Focus", "blue", ("Blackpool", "Blackburn"), _THEFT, 1.7 * 3600, 3.9 * 3600),
        ),
        (Listing("KE77STL", "Stolen in a burglary two nights ago", "high", "stolen", "Stop and arrest. Ask for a second unit."),),
        "A hit every few minutes between Blackpool and Blackburn. Its history: a commute from Preston to Blackburn until three days ago, "
        "then journeys by night.",
    ),
    Story(
        "A cloned plate",
        (
            Player("KE77CLN", "Volkswagen", "Golf", "silver", ("Lancaster", "Kendal"), (1, 40)),
            Player("KE77CLN", "Volkswagen", "Golf", "white", ("Chelmsford", "Colchester"), (1, 12), 7.9 * 3600, 17.1 * 3600),
        ),
        (Listing("KE77CLN", "Owner disputes fines from Essex", "medium", "clone suspected", "Check the vehicle identification number."),),
        "Two Golfs, one silver about Kendal and one white in Essex, within minutes of each other on each of the last twelve days.",
    ),
    Story(
        "A convoy",
        tuple(
            Player(f"KE77CV{letter}", *kind, ("Liverpool", "Leeds"), (1, 4), 22.2 * 3600, 25.8 * 3600, lag, pause_s=_CONVOY_PAUSE_S)
            for letter, kind, lag in (
                ("A", ("BMW", "X3", "black"), 0.0),
                ("B", ("Ford", "Transit", "white"), 28.0),
                ("C", ("Audi", "A4", "grey"), 61.0),
            )
        ),
        (
            Listing(
                "KE77CVA", "Organised theft of plant machinery", "medium", "intelligence", "Do not stop. Report direction and occupants."
            ),
        ),
        "Only KE77CVA is on a list. KE77CVB and KE77CVC pass the same cameras within about a minute of it, through several counties, "
        "four nights running.",
    ),
    Story(
        "A plate that cameras misread",
        (Player("KE77SBG", "Vauxhall", "Corsa", "red", ("Preston", "Blackpool"), (1, 30)),),
        (Listing("KE77SBG", "Driver wanted on warrant", "high", "wanted", "Arrest on warrant."),),
        "Most cameras read KE77S8G or KE775BG; the hits are tolerant ones that say what was read for what.",
    ),
    Story(
        "A warning that comes first",
        (Player("KE77FRM", "Mercedes-Benz", "C-Class", "black", ("Blackburn", "Lancaster"), (1, 20)),),
        (Listing("KE77FRM", "Linked to a shooting", "high", "firearms", "Do not stop: firearms. Tell the control room at once."),),
        'The instruction "Do not stop: firearms" stands above everything else in the alert.',
    ),
)

MISREAD_OF = {b"KE77SBG": (b"KE77S8G", b"KE775BG")}
"""What most cameras make of a story's dirty plate."""

PLAYERS: tuple[Player, ...] = tuple(player for story in STORIES for player in story.players)
LISTINGS: tuple[Listing, ...] = tuple(listing for story in STORIES for listing in story.listings)


def story_ways(towns: Towns) -> tuple[tuple[int, int], ...]:
    """The routes that the stories need, as towns."""
    return tuple(sorted({(towns.named(player.way[0]), towns.named(player.way[1])) for player in PLAYERS}))


def story_vehicles(towns: Towns, routes: Routes) -> Vehicles:
    """The players, in the order of `PLAYERS`. Their keenness is 0: only their story moves them."""
    count = len(PLAYERS)
    route = np.array([routes.nearest_end(towns.named(player.way[0]), towns.named(player.way[1])) for player in PLAYERS], np.int64)
    nothing = np.zeros(count)
    return Vehicles(
        mark=story_marks(),
        model=np.array([model_index(player.make, player.model) for player in PLAYERS], np.int64),
        colour=np.array([colour_index(player.colour) for player in PLAYERS], np.int64),
        usual=route,
        other=route,
        freight=np.zeros(count, bool),
        out_share=nothing,
        back_share=nothing,
        keenness=nothing,
        dirt=np.array([0.7 if player.mark.encode() in MISREAD_OF else 0.0 for player in PLAYERS]),
    )


def story_marks() -> Marks:
    return np.array([player.mark.encode() for player in PLAYERS], f"S{WIDTH}")


def story_trips(vehicles: Vehicles, routes: Routes, seed: int, first_s: float, span: tuple[float, float]) -> Trips:
    """What the players drive within `span` (from, to; seconds since 1970), the nation having first been started at `first_s`."""
    who: list[Ints] = []
    route: list[Ints] = []
    depart: list[np.ndarray] = []
    for player_index, player in enumerate(PLAYERS):
        outward = int(vehicles.usual[player_index])
        legs = _daily(player, outward, first_s, span)
        if player.live:
            legs += _shuttled(player, outward, float(routes.free_flow_s[outward]), span, first_s)
        who.append(np.full(len(legs), player_index, np.int64))
        route.append(np.array([leg[0] for leg in legs], np.int64))
        depart.append(np.array([leg[1] for leg in legs], np.float64))
    trips = drives(np.concatenate(who), np.concatenate(route), np.concatenate(depart), stream(seed, "stories"))
    # Convoys keep together, and nobody in a story stops for fuel.
    trips.pace[:] = 1.0
    trips.stop_at[:] = 2.0
    trips.stop_s[:] = 0.0
    return trips


def _daily(player: Player, outward: int, first_s: float, span: tuple[float, float]) -> list[tuple[int, float]]:
    """There and back on each day of the player's past."""
    nearest, furthest = player.history_days
    first_day: date = local_day(first_s)
    legs = []
    for back in range(nearest, furthest + 1):
        start = midnight_s(first_day - timedelta(days=back))
        # A few minutes earlier or later each day, the same for all cars of a convoy.
        shift = (back * 37 % 11 - 5) * 60.0 + player.lag_s
        legs += [(outward, start + player.leaves_s + shift), (outward ^ 1, start + player.returns_s + shift)]
    return [leg for leg in legs if span[0] <= leg[1] < min(span[1], first_s)]


def _shuttled(player: Player, outward: int, free_flow_s: float, span: tuple[float, float], first_s: float) -> list[tuple[int, float]]:
    """Back and forth without end: leg n starts n lengths after the nation's first moment, so that any window gives the same legs."""
    leg_s = free_flow_s * _LEG_ALLOWANCE + player.pause_s
    start_s = first_s + player.lag_s - _HEAD_START_S
    numbers = range(max(0, int((span[0] - start_s) // leg_s)), int((span[1] - start_s) // leg_s) + 1)
    legs = [(outward ^ (number % 2), start_s + number * leg_s) for number in numbers]
    return [leg for leg in legs if span[0] <= leg[1] < span[1]]
