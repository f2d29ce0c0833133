"""Who plays: the simulated people of Kentmere's three services, and the resources that they crew. Nobody real."""

from __future__ import annotations

from typing import Literal, NamedTuple

from bluelamp.demo.world.chance import stream

POLICE, FIRE, AMBULANCE = "KEN", "KFR", "KAS"
SERVICES = (POLICE, FIRE, AMBULANCE)
NEIGHBOUR = "KMR"
"""Mountain rescue, whose control room has a system of its own (`partner`)."""
SECTORS = ("North", "East", "South", "West", "Centre", "Station", "Bridge", "Market")
"""Of the public-order event; each has its own serials."""

Habit = Literal["patrol", "station", "standby", "off"]
"""What a resource does while nobody needs it: drives about, waits at its station, moves between standby points, is off duty."""


class Person(NamedTuple):
    username: str
    name: str
    agency: str
    role: str


class Unit(NamedTuple):
    """A resource as the nation knows it. The platform knows it by its call sign."""

    call_sign: str
    agency: str
    type: str
    home: str
    """Town of its station."""
    habit: Habit
    crew: Person
    skills: tuple[str, ...] = ()
    sector: str = ""
    """Where it serves at the public-order event; empty: elsewhere."""


class Codes(NamedTuple):
    """A service's own status codes for what the stories speak of."""

    available: str
    en_route: str
    at_scene: str
    returning: str
    off_duty: str
    transporting: str = ""
    at_hospital: str = ""


CODES = {
    POLICE: Codes("2", "5", "6", "1", "11"),
    FIRE: Codes("AV", "MI", "IA", "RT", "OF"),
    AMBULANCE: Codes("GR", "MO", "AS", "SB", "OD", "LS", "AH"),
}
"""As GET /v1/incidents/terms gives them; founding looks that they still are (`registry.check_codes`)."""

_FIRST = (
    "Ada", "Bram", "Cleo", "Dara", "Edie", "Faye", "Gwen", "Hugo", "Isla", "Jago", "Kit", "Lena", "Milo", "Nell", "Otto", "Pip", "Quin",
    "Rhys", "Suki", "Tess", "Una", "Vera", "Wilf", "Yara", "Zeke", "Alba", "Beck", "Cora", "Dov", "Elin",
)  # fmt: skip
_LAST = (
    "Arnside", "Bampton", "Crosby", "Dufton", "Eskdale", "Farlam", "Gosforth", "Hawkshead", "Ireby", "Kirkoswald", "Lorton", "Mungrisdale",
    "Natland", "Ormside", "Patterdale", "Ravenstone", "Satterthwaite", "Tebay", "Ulpha", "Warcop", "Yanwath", "Borwick", "Claughton",
    "Downham", "Elswick", "Forton", "Gressingham", "Hornby", "Inskip", "Leck",
)  # fmt: skip


def _name(number: int) -> str:
    """Different for the first nine hundred."""
    return f"{_FIRST[number % len(_FIRST)]} {_LAST[(number * 7 + number // len(_FIRST)) % len(_LAST)]}"


ROOMS = {
    POLICE: Person("room.ken", "Kay Borrowdale", POLICE, "control"),
    FIRE: Person("room.kfr", "Fergus Wythburn", FIRE, "dispatcher"),
    AMBULANCE: Person("room.kas", "Ines Matterdale", AMBULANCE, "dispatcher"),
}
"""The simulated control rooms. The visitor's own accounts are others, so that one sees who did what."""
SUPERVISOR = Person("silver.ken", "Sol Martindale", POLICE, "supervisor")
PARTNERS_ADMIN = Person("partners.ken", "Petra Swindale", POLICE, "admin")
"""Connects the neighbours' control rooms."""

_ROADS, _RESPONSE = ("traffic", "pursuit"), ("response",)
_REGULAR: tuple[tuple[str, str, str, str, Habit, tuple[str, ...]], ...] = (
    *((f"KR0{n}", POLICE, "car", town, "patrol", _ROADS) for n, town in enumerate(("Preston", "Blackburn", "Lancaster", "Kendal"), 1)),
    *(
        (f"KP{n}", POLICE, "car", town, "patrol", _RESPONSE)
        for n, town in enumerate(
            (
                "Preston",
                "Preston",
                "Leyland",
                "Blackpool",
                "Blackpool",
                "Blackburn",
                "Lancaster",
                "Morecambe",
                "Kendal",
                "Barrow in Furness",
            ),
            11,
        )
    ),
    *((f"KM3{n}", POLICE, "motorcycle", town, "station", _ROADS) for n, town in enumerate(("Preston", "Lancaster"), 1)),
    *((f"KD4{n}", POLICE, "dog", town, "patrol", ("search dog",)) for n, town in enumerate(("Kendal", "Preston"), 1)),
    ("KV51", POLICE, "drone", "Kendal", "station", ("thermal camera",)),
    *((f"KT6{n}", POLICE, "foot", "Kendal", "off", ("search",)) for n in range(1, 7)),
    *(
        (f"KF{n:02d}P1", FIRE, "engine", town, "station", ("pump",))
        for n, town in enumerate(("Preston", "Leyland", "Blackburn", "Lancaster", "Kendal", "Blackpool"), 1)
    ),
    ("KF01R1", FIRE, "rescue", "Preston", "station", ("extrication",)),
    ("KF01C1", FIRE, "car", "Preston", "station", ("command",)),
    *(
        (f"KA10{n}", AMBULANCE, "ambulance", town, "standby", ("paramedic",))
        for n, town in enumerate(("Preston", "Preston", "Leyland", "Blackburn", "Lancaster", "Kendal", "Blackpool"), 1)
    ),
    ("KA201", AMBULANCE, "car", "Preston", "station", ("critical care",)),
)

CROWD_FOOT, CROWD_VANS, CROWD_HORSES, CROWD_DOGS, CROWD_MEDICS, CROWD_AMBULANCES, CROWD_ENGINES = 208, 40, 12, 16, 16, 4, 4


def regulars() -> tuple[Unit, ...]:
    """The resources of every day."""
    units = []
    for number, (call_sign, agency, kind, home, habit, skills) in enumerate(_REGULAR):
        units.append(Unit(call_sign, agency, kind, home, habit, _crew(call_sign, agency, number), skills))
    return tuple(units)


def crowd() -> tuple[Unit, ...]:
    """Three hundred resources that come together for the public-order event, and are off duty otherwise."""
    kinds = (
        ("KS", POLICE, "foot", CROWD_FOOT, ("public order",)), ("KX", POLICE, "van", CROWD_VANS, ("public order",)),
        ("KH", POLICE, "mounted", CROWD_HORSES, ("mounted",)), ("KG", POLICE, "dog", CROWD_DOGS, ("dog",)),
        ("KAM", AMBULANCE, "foot", CROWD_MEDICS, ("medic",)), ("KAE", AMBULANCE, "ambulance", CROWD_AMBULANCES, ("paramedic",)),
        ("KFE", FIRE, "engine", CROWD_ENGINES, ("pump",)),
    )  # fmt: skip
    units: list[Unit] = []
    for letters, agency, kind, count, skills in kinds:
        for n in range(count):
            call_sign = f"{letters}{101 + n}"
            crew = _crew(call_sign, agency, 100 + len(units))
            units.append(Unit(call_sign, agency, kind, "Preston", "off", crew, skills, SECTORS[n % len(SECTORS)]))
    return tuple(units)


def _crew(call_sign: str, agency: str, number: int) -> Person:
    return Person(f"crew.{call_sign.lower()}", _name(number), agency, "officer" if agency == POLICE else "responder")


def everybody() -> tuple[Person, ...]:
    """All simulated people, those of the control rooms first."""
    return (*ROOMS.values(), SUPERVISOR, PARTNERS_ADMIN, *(unit.crew for unit in (*regulars(), *crowd())))


def phase(seed: int, call_sign: str) -> float:
    """0-1, by which what a resource does is shifted against others."""
    return float(stream(seed, "phase", call_sign).random())
