"""What the application offers, seen from outside its code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts

from bluelamp.app.http import create_app
from bluelamp.spine.config import PlatformSettings


class Door(NamedTuple):
    """One method at one address."""

    method: str
    path: str
    endpoint: Callable[..., Any]
    markers: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def _markers(dependant: Dependant) -> list[str]:
    own = [marker] if (marker := getattr(dependant.call, "permission", None)) else []
    return own + [marker for below in dependant.dependencies for marker in _markers(below)]


def all_doors() -> list[Door]:
    doors = []
    for route in iter_route_contexts(create_app(PlatformSettings()).routes):
        dependant = route.dependant
        assert dependant is not None, f"{route.path} is mounted past the framework: use Module.doors"
        assert route.path is not None
        markers = tuple(_markers(dependant))
        doors += [Door(method, route.path.replace(":path}", "}"), dependant.call, markers) for method in sorted(route.methods or ())]  # type: ignore[arg-type]
    return doors


DOORS = all_doors()
