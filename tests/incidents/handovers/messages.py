"""Messages for tests: one as control rooms write them, and any at all."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from bluelamp.incidents.gateways.message import RECEIPT, Area, Coded, HandoverMessage, PersonTold, Where
from bluelamp.kit.ids import encode_base32

AT = 1_795_284_245_000
RING = ((54.23, -2.72), (54.24, -2.72), (54.24, -2.70), (54.23, -2.72))

texts = st.text(st.characters(codec="utf-8"), max_size=80)
lines = texts.map(lambda text: " ".join(text.split()))
tokens = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.:-_/@", min_size=1, max_size=30)
ulids = st.integers(0, (1 << 128) - 1).map(lambda number: encode_base32(number, 26))
oids = st.lists(st.integers(0, 999), min_size=2, max_size=6).map(lambda parts: ".".join(str(part) for part in parts))
seconds = st.integers(1, 4_000_000_000).map(lambda s: s * 1000)
coded = st.builds(Coded, code=lines.map(lambda t: t[:50]), words=lines)
latitudes = st.floats(-90, 90).map(lambda value: round(value, 7))
longitudes = st.floats(-180, 180).map(lambda value: round(value, 7))
places = st.builds(Where, said=lines, latitude=latitudes, longitude=longitudes) | st.builds(Where, said=lines)
rings = st.lists(st.tuples(latitudes, longitudes), min_size=3, max_size=8).map(lambda points: (*points, points[0]))
areas = st.builds(Area, label=lines, ring=rings)
roles = st.sampled_from(["casualty", "witness", "suspect", "missing", "informant", "other"])
persons = st.builds(PersonTold, name=lines, role=roles, born=lines.map(lambda t: t[:40]), description=texts)
casualties = st.dictionaries(st.sampled_from(["P1", "P2", "P3", "dead", "not_injured", "unknown"]), st.integers(0, 100_000))


def _receipt(message: HandoverMessage) -> HandoverMessage:
    if message.is_receipt:
        return message.carried(RECEIPT)
    return HandoverMessage(**dict(message) | {"outcome": ""})


@st.composite
def messages(draw: Any, address: Any = tokens) -> HandoverMessage:
    """Ids that every format can carry, addresses of the strategy given."""
    kind = draw(st.sampled_from(["create", "update", "close", "receipt"]))
    return _receipt(
        HandoverMessage(
            id=draw(ulids), kind=kind, sender=draw(address), receiver=draw(address), at=draw(seconds),
            status=draw(st.sampled_from(["actual", "exercise", "test"])), incident=draw(ulids), reference=draw(lines), title=draw(lines),
            type=draw(coded), grade=draw(coded), major=draw(st.booleans()), place=draw(st.none() | places), description=draw(texts),
            note=draw(texts), casualties=draw(casualties), persons=tuple(draw(st.lists(persons, max_size=3))),
            areas=tuple(draw(st.lists(areas, max_size=2))), answers=draw(ulids), answers_at=draw(seconds),
            outcome=draw(st.sampled_from(["received", "refused"])),
        )
    )  # fmt: skip


def collision(**changes: Any) -> HandoverMessage:
    told: dict[str, Any] = {
        "id": "01JD7Q2W3E4R5T6Y7V8A9B0C1D",
        "kind": "create",
        "sender": "KEN",
        "receiver": "ORR",
        "at": AT,
        "incident": "01JD7Q000000000000000000AB",
        "reference": "KEN-20261121-0042",
        "title": "Lorry and two cars",
        "type": Coded(code="collision.entrapment", words="RTC, persons trapped"),
        "grade": Coded(code="emergency", words="Immediate"),
        "place": Where(said="M6 northbound, J36", latitude=54.2301, longitude=-2.718),
        "description": "Three vehicles.\nDiesel on the carriageway.",
        "casualties": {"P1": 2, "P3": 4},
        "persons": (PersonTold(name="Jo Fell", role="informant", description="Called from the hard shoulder"),),
        "areas": (Area(label="Outer cordon", ring=RING),),
    }
    return HandoverMessage(**told | changes)
