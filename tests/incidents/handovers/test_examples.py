"""A message of each format as another maker would write it, made by hand from the public descriptions: what we read of it."""

from __future__ import annotations

from pathlib import Path

from bluelamp.incidents.gateways import cap, eido, mait, ucri2
from bluelamp.incidents.gateways.message import HandoverMessage
from bluelamp.kit.clock import from_rfc3339

HERE = Path(__file__).with_name("examples")


def example(name: str) -> bytes:
    return (HERE / name).read_bytes()


def test_a_flood_warning_in_cap() -> None:
    told = cap.read(example("cap.xml"))
    assert (told.id, told.kind, told.sender, told.incident) == (
        "fells-2026-1121-07",
        "create",
        "floods@rivers.example",
        "fells-2026-1121-07",
    )
    assert told.at == from_rfc3339("2026-11-21T16:40:00Z")
    assert (told.type.code, told.type.words, told.grade.code) == ("flood", "Severe flood warning", "emergency")
    assert told.title == "River Kent over its banks at Bridge Street"
    assert told.description == "Levels rise by 20 cm an hour.\nLeave ground floors.\nlevel-m: 3.4"
    assert told.place is not None
    assert (told.place.said, told.place.point) == ("Bridge Street and Aynam Road", (54.327, -2.742))
    assert [len(area.ring) for area in told.areas] == [4, 25]
    north = max(latitude for latitude, _ in told.areas[1].ring)
    assert abs(north - 54.327 - 0.5 / 111.195) < 1e-4, "half a kilometre around"


def test_what_follows_a_warning_is_about_the_same() -> None:
    first = cap.read(example("cap.xml"))
    reference = b"<references>floods@rivers.example,fells-2026-1121-07,2026-11-21T16:40:00-00:00</references></alert>"
    cancel = example("cap.xml").replace(b">Alert<", b">Cancel<").replace(b"-1121-07</identifier>", b"-1121-08</identifier>")
    body = cancel.partition(b"  <info>")[0] + reference
    told = cap.read(body)
    assert (told.kind, told.incident, told.answers) == ("close", first.incident, first.id)


def test_a_crash_in_eido() -> None:
    told = eido.read(example("eido.json"))
    assert (told.kind, told.sender, told.reference) == ("create", "idx.fells.example", "F26-1121-9")
    assert told.incident == "urn:emergency:uid:incidentid:77c0ffee:psap.fells.example"
    assert told.id == f"{told.incident}@{from_rfc3339('2026-11-21T22:02:11.500Z')}"
    assert (told.type.code, told.type.words, told.grade.words) == ("10-50", "Crash with injuries", "High")
    assert told.place is not None
    assert (told.place.said, told.place.point) == ("Route 80, mile 105.5", (40.9511, -78.7261))
    assert told.description == "Rollover & one trapped"
    assert [(one.name, one.role) for one in told.persons] == [("Pat Example", "informant")]


def test_an_eido_that_is_closed_is_a_close() -> None:
    assert eido.read(example("eido.json").replace(b'"Active"', b'"Closed"')).kind == "close"


def test_an_incident_with_a_patient_in_ucri2() -> None:
    told = ucri2.read(example("ucri2.json"))
    assert (told.kind, told.sender, told.receiver, told.reference) == ("create", "1.2.276.0.99.1", "1.2.276.0.99.2", "E-2026-771")
    assert ucri2.to_uuid(told.incident) == "0d1f3a6c-52d1-4a3e-8f6e-2d6b4a1c9e55"
    assert (told.title, told.type.code, told.type.words, told.grade.code) == ("Verkehrsunfall", "R2", "VU", "emergency")
    assert told.place is not None
    assert told.place.said == "Parkhaus Mitte, 2. UG, Beispielweg 7, 10999 Musterstadt"
    assert told.place.point == (52.5201, 13.4051)
    assert told.note == "NEF nachgefordert"
    assert [(one.name, one.role, one.born) for one in told.persons] == [("Melder", "informant", ""), ("Kim Muster", "casualty", "19900101")]


def test_a_crash_in_mait_with_a_prefix() -> None:
    told = mait.read(example("mait.xml"))
    assert isinstance(told, HandoverMessage)
    assert (told.kind, told.incident, told.reference) == ("create", "ORR-2026-5512", "5512 of 21/11/2026")
    assert told.casualties == {"P2": 1, "unknown": 1}
    assert told.place is not None
    assert told.place.point == (54.4953, -3.0402)
    assert [(one.name, one.role) for one in told.persons] == [("Robin Passer", "witness")]
