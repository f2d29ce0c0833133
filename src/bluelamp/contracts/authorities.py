"""Authority for one case: what ANPR asks for when policy demands a senior officer's word, and what it is told. Filled in wiring."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, Protocol

from bluelamp.spine.module import Spine

PORT = "authorities"


class Asked(NamedTuple):
    """A look for which authority is sought: whose, why, at what."""

    person: str
    purpose: str
    reference: str
    vrms: tuple[str, ...] = ()
    pattern: str = ""
    place: dict[str, Any] | None = None
    """`{"bbox": [w, s, e, n]}`, `{"area": rings}` or `{"cameras": [numbers]}`; None: anywhere."""


class Authority(NamedTuple):
    """An authority in force that covers a look."""

    id: str
    kind: Literal["granted", "override"]
    since_ms: int
    """The period of the reads that it opens, end excluded."""
    until_ms: int


class Authorities(Protocol):
    """What knows of authorities. Asked anew at every look, so that one that ended opens nothing more."""

    async def covering(self, asked: Asked) -> tuple[Authority, ...]:
        """Those in force now that cover this look, the one reaching furthest back first."""

    async def deputises(self, person: str) -> bool:
        """Whether this person stands in now for somebody who may give authority."""


class NoAuthorities:
    """Where no capability knows of authorities: there are none."""

    async def covering(self, asked: Asked) -> tuple[Authority, ...]:
        del asked
        return ()

    async def deputises(self, person: str) -> bool:
        del person
        return False


def authorities_of(spine: Spine) -> Authorities:
    """The platform's authorities."""
    found: Authorities = spine.ports.get(PORT) or NoAuthorities()
    return found
