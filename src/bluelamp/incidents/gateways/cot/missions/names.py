"""Names of missions: an incident's number, or its id as the UUID that clients expect."""

from __future__ import annotations

from uuid import UUID

from bluelamp.kit.ids import decode_base32, encode_base32

NAME_LENGTH_MAX = 100
_DIGITS = 26


def guid_of(incident: str) -> str:
    """The id as a UUID: the same 128 bits. Empty where an id has others, as none of ours does."""
    try:
        number = decode_base32(incident) if len(incident) == _DIGITS else -1
        return str(UUID(int=number))
    except ValueError:
        return ""


def incident_of(guid: str) -> str:
    """The id behind a UUID; empty: it is none."""
    try:
        return encode_base32(UUID(guid).int, _DIGITS)
    except ValueError:
        return ""
