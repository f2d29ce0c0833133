"""Where a request comes from: its address, the network of that, and the browser by name. Nothing is decided by it."""

from __future__ import annotations

import ipaddress
import re

from fastapi import Request

_BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
_SYSTEMS = (("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS", "Mac"), ("Linux", "Linux"))
_PREFIX = {4: 24, 6: 64}
"""Bits of an address that are a network: a station's, or a carrier's."""


def address_of(request: Request) -> str:
    return request.client.host if request.client else ""


def network_of(address: str) -> str:
    """The network that an address is in; empty where it is no address."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return ""
    return str(ipaddress.ip_network((known, _PREFIX[known.version]), strict=False))


def device_of(request: Request) -> str:
    """A browser by its name and system, for its owner to recognise: `Chrome on Windows`."""
    told = request.headers.get("user-agent", "")
    browser = next((name for sign, name in _BROWSERS if re.search(rf"\b{sign}\w*/", told)), "")
    system = next((name for sign, name in _SYSTEMS if sign in told), "")
    return " on ".join(part for part in (browser or "a program", system) if part)
