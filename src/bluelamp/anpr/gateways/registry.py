"""Every camera format by the name in its intake address: the modules beside this one that hold a `GATEWAY`."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from bluelamp.anpr import gateways
from bluelamp.anpr.gateways import Gateway


def _found() -> dict[str, Gateway]:
    modules = (import_module(f"{gateways.__name__}.{entry.name}") for entry in iter_modules(gateways.__path__) if entry.name != "registry")
    found = sorted((module.GATEWAY for module in modules if hasattr(module, "GATEWAY")), key=lambda gateway: gateway.name)
    formats = {gateway.name: gateway for gateway in found}
    if len(formats) != len(found):
        raise ValueError("two camera formats share a name")
    return formats


FORMATS: dict[str, Gateway] = _found()
"""Adding a format is adding a file: nothing else names it."""
