"""Each format says a message so that the other end reads the same, as far as the format can carry it."""

from __future__ import annotations

import contextlib
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bluelamp.incidents.gateways import ucri2
from bluelamp.incidents.gateways.message import BODY_BYTES_MAX, CannotCarryError, HandoverMessage, NotThisFormatError
from bluelamp.incidents.gateways.registry import FORMATS, INCOMING
from tests.incidents.handovers.messages import collision, messages, oids, ulids


def read(name: str, body: bytes) -> HandoverMessage:
    found = FORMATS[name].read
    assert found is not None
    return found(body)


@pytest.mark.parametrize("name", [name for name in INCOMING if name != "ucri2"])
@settings(max_examples=100, deadline=None)
@given(message=messages())
def test_what_is_written_is_read_again(name: str, message: HandoverMessage) -> None:
    assert read(name, FORMATS[name].write(message)) == FORMATS[name].carried(message)


@settings(max_examples=100, deadline=None)
@given(message=messages(oids))
def test_what_is_written_in_ucri2_is_read_again(message: HandoverMessage) -> None:
    assert read("ucri2", FORMATS["ucri2"].write(message)) == FORMATS["ucri2"].carried(message)


@given(ulids)
def test_our_ids_and_uuids_name_the_same(identifier: str) -> None:
    assert ucri2.from_uuid(ucri2.to_uuid(identifier), "id") == identifier


@pytest.mark.parametrize("name", INCOMING)
@settings(deadline=None)
@given(body=st.binary(max_size=300) | st.text(max_size=200).map(str.encode))
def test_garbage_is_told_and_nothing_else(name: str, body: bytes) -> None:
    with pytest.raises(NotThisFormatError) as told:
        read(name, body)
    assert len(told.value.message) < 600


@pytest.mark.parametrize("name", INCOMING)
@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"a":' * 100_000 + b"1" + b"}" * 100_000, b"<a>" * 100_000 + b"</a>" * 100_000])
def test_deep_nesting_is_survived(name: str, body: bytes) -> None:
    with pytest.raises(NotThisFormatError):
        read(name, body)


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize("name", ["eido", "ucri2"])
@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_members_of_the_wrong_shape_are_told(name: str, data: Any) -> None:
    """Any one value anywhere in a good message replaced by anything: it is read or refused, never an accident."""
    message = collision(sender="1.2.3", receiver="1.2.4") if name == "ucri2" else collision()
    document = msgspec.json.decode(FORMATS[name].write(message))
    inner = msgspec.json.decode(document["payload"]["data"]) if name == "ucri2" else None
    at: Any = inner if inner is not None and data.draw(st.booleans()) else document
    while True:
        keys = list(at) if isinstance(at, dict) else list(range(len(at)))
        key = data.draw(st.sampled_from(keys))
        if not isinstance(at[key], dict | list) or not at[key] or data.draw(st.booleans()):
            break
        at = at[key]
    at[key] = data.draw(JUNK)
    if inner is not None and isinstance(document.get("payload"), dict):
        document["payload"]["data"] = msgspec.json.encode(inner).decode()
    try:
        body = msgspec.json.encode(document)
    except (msgspec.MsgspecError, OverflowError, ValueError, UnicodeEncodeError):
        return
    with contextlib.suppress(NotThisFormatError):
        read(name, body)


BOMB = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><%s xmlns="%s">&b;</%s>'
FILE = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a SYSTEM "file:///etc/passwd">]><%s xmlns="%s">&a;</%s>'


@pytest.mark.parametrize("trick", [BOMB, FILE])
@pytest.mark.parametrize(("name", "root", "space"), [("mait", b"IncidentTransfer", b"urn:x"), ("cap", b"alert", b"urn:x")])
def test_entities_and_document_types_are_refused(trick: bytes, name: str, root: bytes, space: bytes) -> None:
    with pytest.raises(NotThisFormatError, match="document type"):
        read(name, trick % (root, space, root))


def test_entities_within_the_xml_of_an_eido_are_refused_too() -> None:
    body = FORMATS["eido"].write(collision()).replace(b"<presence", b"<!DOCTYPE a [<!ENTITY a SYSTEM 'file:///x'>]><presence")
    with pytest.raises(NotThisFormatError, match="document type"):
        read("eido", body)


@pytest.mark.parametrize("name", INCOMING)
def test_a_body_out_of_bounds_is_refused(name: str) -> None:
    with pytest.raises(NotThisFormatError, match="at most"):
        read(name, b" " + b"x" * BODY_BYTES_MAX)


@pytest.mark.parametrize(
    ("name", "was", "now", "told"),
    [
        ("mait", b">create<", b">begin<", "MessageType 'begin': send one of close, create, receipt, update"),
        ("mait", b'category="P1"', b'category="P9"', "casualty category 'P9': send one of P1"),
        ("mait", b'version="1"', b'version="7"', "version 1"),
        ("mait", b">2<", b">many<", "a number of people"),
        ("mait", b"54.2301<", b"north<", "Latitude is not a number"),
        ("mait", b"54.2301<", b"91<", "place"),
        ("cap", b">Alert<", b">Rumour<", "msgType 'Rumour': send one of Ack, Alert, Cancel, Error, Update"),
        ("cap", b">Severe<", b">Terrible<", "severity 'Terrible': send one of"),
        ("cap", b">Actual<", b">Maybe<", "status 'Maybe'"),
        ("cap", b"cap:1.2", b"cap:1.1", "namespace urn:oasis:names:tc:emergency:cap:1.2"),
        ("cap", b"54.23,-2.72 54.24", b"54.24", "ends where it begins"),
    ],
)
def test_an_unknown_code_is_told_with_what_to_do(name: str, was: bytes, now: bytes, told: str) -> None:
    body = FORMATS[name].write(collision())
    assert was in body
    with pytest.raises(NotThisFormatError) as refused:
        read(name, body.replace(was, now))
    assert told in refused.value.message


def test_ucri2_wants_addresses_that_are_oids() -> None:
    with pytest.raises(CannotCarryError, match="own_address"):
        FORMATS["ucri2"].write(collision())
