"""Which names the platform answers to. A page that makes its own name point here (DNS rebinding) gets nothing, nor does a forged link."""

from __future__ import annotations

from starlette.types import Scope, Send

from bluelamp.app.frame import HEADER_LINES
from bluelamp.spine.errors import PROBLEM, problem


def trusted(names: str) -> frozenset[bytes]:
    """The names of the setting, lower case and without ports; none where any may be used."""
    return frozenset(_bare(name.strip().encode()) for name in names.split(",") if name.strip())


def _bare(host: bytes) -> bytes:
    """A `Host` without its port: `[::1]:8600` is `[::1]`."""
    name, colon, port = host.lower().rpartition(b":")
    return name if colon and port.isdigit() else host.lower()


def is_trusted(scope: Scope, names: frozenset[bytes]) -> bool:
    """Whether exactly one `Host` is given, and it is one of the names."""
    given = [value for name, value in scope["headers"] if name == b"host"]
    return len(given) == 1 and _bare(given[0]) in names


async def misdirected(send: Send) -> None:
    """The answer to who asks for somebody else."""
    body = problem(421, "misdirected", "the platform does not answer to this name; ask for it by one of BLUELAMP_HOSTS")
    told = [(b"content-type", PROBLEM.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 421, "headers": [*told, *HEADER_LINES]})
    await send({"type": "http.response.body", "body": body})
