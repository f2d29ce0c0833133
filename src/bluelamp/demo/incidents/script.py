"""A story as data: who says what when, and who goes where. Scripts are pure; `player` plays them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, NamedTuple

from bluelamp.demo.incidents.cast import Person
from bluelamp.demo.incidents.duties import Duty
from bluelamp.demo.incidents.ways import Spot
from bluelamp.kit.ids import encode_base32

Data = dict[str, Any]


class Say(NamedTuple):
    """An event of the incident."""

    at_s: float
    """Seconds after the story begins."""
    who: Person
    kind: str
    data: Data
    audience: tuple[str, ...] = ()


class Go(NamedTuple):
    """A resource moves. `duty` counts from the story's beginning: the player adds when that was."""

    at_s: float
    call_sign: str
    duty: Duty


class Leave(NamedTuple):
    """A resource is free again and goes home, along the roads where it stands on one."""

    at_s: float
    call_sign: str
    here: Spot | None = None


class Show(NamedTuple):
    """A picture that somebody takes and sends."""

    at_s: float
    who: Person
    picture: str
    """Its id."""
    content: bytes
    caption: str
    place: Data


Step = Say | Go | Leave | Show


@dataclass(frozen=True)
class Run:
    """One playing of a story. Ids are made from it, so that what is sent twice is known again."""

    story: str
    number: int
    began_s: float

    def thing(self, *names: str | int) -> str:
        """The id of something in this run: 48 bits of time as a ULID has, then 80 of the names."""
        told = sha256("/".join([self.story, str(self.number), str(int(self.began_s * 1000)), *map(str, names)]).encode()).digest()
        return encode_base32(int(self.began_s * 1000) << 80 | int.from_bytes(told[:10]), 26)


@dataclass(frozen=True)
class Script:
    """How it opens, and everything after."""

    run: Run
    opener: Person
    opening: Data
    """The body of POST /v1/incidents."""
    steps: tuple[Step, ...]
    call_signs: tuple[str, ...]
    """Resources that the story has while it runs."""

    @property
    def seconds(self) -> float:
        return max(step.at_s for step in self.steps)


@dataclass
class Draft:
    """A script in the making: steps may be added in any order."""

    steps: list[Step] = field(default_factory=list)

    def say(self, at_s: float, who: Person, kind: str, audience: tuple[str, ...] = (), /, **data: Any) -> None:
        self.steps.append(Say(at_s, who, kind, data, audience))

    def add(self, steps: Iterable[Step]) -> None:
        self.steps.extend(steps)

    def in_order(self) -> tuple[Step, ...]:
        """By time; what is said at one moment goes together, before anybody moves."""
        return tuple(sorted(self.steps, key=lambda step: (step.at_s, not isinstance(step, Say))))
