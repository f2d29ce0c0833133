"""How each maker's camera puts one read on the wire. `ENCODERS` maps a format's name to its encoder; each lives in a file of that name.

The field names are those that real cameras send; values that the nation does not know are left as a camera would leave them.
"""

from __future__ import annotations

from collections.abc import Callable

from bluelamp.demo.anpr.wire import axis, dahua, genetec, hikvision, native, platerecognizer, rekor, tattile
from bluelamp.demo.anpr.wire.sighting import Body, Sighting

ENCODERS: dict[str, Callable[[Sighting], Body]] = {
    "native": native.encode,
    "hikvision": hikvision.encode,
    "axis": axis.encode,
    "platerecognizer": platerecognizer.encode,
    "rekor": rekor.encode,
    "genetec": genetec.encode,
    "tattile": tattile.encode,
    "dahua": dahua.encode,
}

__all__ = ["ENCODERS", "Body", "Sighting"]
