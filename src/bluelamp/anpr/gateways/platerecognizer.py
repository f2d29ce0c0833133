"""`platerecognizer`: Plate Recognizer Stream webhooks: JSON, or a form with the JSON in `json` and a picture in `upload`."""

from __future__ import annotations

from typing import Any

import msgspec

from bluelamp.anpr.domain import Capture, Direction, ParsedItem, SourceTerms
from bluelamp.anpr.errors import NotThisFormatError, TooManyItemsError
from bluelamp.anpr.gateways import Gateway, Payload, multipart
from bluelamp.anpr.gateways.clocks import stated_ms
from bluelamp.anpr.gateways.items import ITEMS_MAX, UNREADABLE, BadItemError, counted, each, json_items
from bluelamp.anpr.gateways.words import alternatives, direction_word, fraction, heading, label, lane_number, plate_text


class Candidate(msgspec.Struct, gc=False):
    plate: str = ""
    score: float = 0.0


class Colour(msgspec.Struct, gc=False):
    color: str = ""


class Make(msgspec.Struct, gc=False):
    make: str = ""
    model: str = ""


class Orientation(msgspec.Struct, gc=False):
    orientation: str = ""


class Vehicle(msgspec.Struct, gc=False):
    type: str = ""


class Result(msgspec.Struct, gc=False):
    """One vehicle in the frame; scores are 0 to 1."""

    plate: str | None = None
    score: float | None = None
    candidates: list[Candidate] | None = None
    color: list[Colour] | None = None
    model_make: list[Make] | None = None
    orientation: list[Orientation] | None = None
    vehicle: Vehicle | None = None
    direction: float | None = None
    lane: int | str | None = None


class Data(msgspec.Struct, gc=False):
    camera_id: str | int | None = None
    timestamp: str = ""
    results: list[Result] | None = None


class Hook(msgspec.Struct, gc=False):
    event: str = ""


class Webhook(msgspec.Struct, gc=False):
    hook: Hook | None = None
    data: Data | None = None


_decode = msgspec.json.Decoder(Webhook).decode
_split = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_results = msgspec.json.Decoder(list[msgspec.Raw]).decode


def _direction(result: Result) -> Direction:
    """The heading in the picture where there is one, else which end of the vehicle was seen."""
    if result.direction is not None:
        return heading(result.direction)
    return direction_word(result.orientation[0].orientation) if result.orientation else ""


def understand(raw: bytes, terms: SourceTerms) -> Capture | None:
    """A webhook with one result, as JSON or form. Always believes `timestamp`, which is UTC; `timestamp_local` is for people."""
    document, picture = _form(multipart.split(raw)) if multipart.looks_multipart(raw) else (raw, b"")
    webhook = _decode(document)
    data = webhook.data
    if data is None:
        if webhook.hook is not None and webhook.hook.event not in ("", "recognition"):
            return None
        raise NotThisFormatError("a Plate Recognizer webhook has the field data with camera_id and results; this has none")
    if data.camera_id is None or not data.timestamp:
        raise BadItemError("missing_field", "data.camera_id or data.timestamp is missing")
    result = data.results[0] if data.results else Result()
    plate = plate_text(result.plate)
    capture = Capture(
        camera=str(data.camera_id),
        plate=plate,
        captured_at=stated_ms(data.timestamp, terms.timezone),
        confidence=fraction(result.score or 0.0, 1),
        direction=_direction(result),
        lane=lane_number(result.lane),
        overview_image=picture,
    )
    if result.candidates:
        capture.variants = alternatives(plate, [(c.plate, fraction(c.score, 1)) for c in result.candidates])
    if result.model_make:
        capture.make, capture.model = label(result.model_make[0].make), label(result.model_make[0].model)
    if result.color:
        capture.colour = label(result.color[0].color)
    if result.vehicle is not None:
        capture.vehicle_class = label(result.vehicle.type)
    return capture


def _form(parts: list[multipart.Part]) -> tuple[bytes, bytes]:
    """The JSON document and the picture of a form."""
    documents = [part.content for part in parts if part.name == "json" or "json" in part.media_type]
    if not documents:
        raise NotThisFormatError("a Plate Recognizer form has a field named json; this has none")
    return documents[0], next((part.content for part in parts if part.is_image or part.name == "upload"), b"")


def _one_result_each(document: bytes) -> list[bytes]:
    """The webhook once for every vehicle in it, so that each can be refused, kept and replayed by itself."""
    try:
        webhook: dict[str, Any] = dict(_split(document))
        data: dict[str, Any] = dict(_split(webhook["data"]))
        results = _results(data["results"])
    except (*UNREADABLE, KeyError):
        return [document]  # `understand` says what is wrong with it
    if len(results) < 2:
        return [document]
    if len(results) > ITEMS_MAX:
        raise TooManyItemsError(f"{len(results):,} results in one webhook; at most {ITEMS_MAX:,} are read")
    singles = []
    for result in results:
        data["results"] = [result]
        webhook["data"] = data
        singles.append(msgspec.json.encode(webhook))
    return singles


def parse(payload: Payload) -> list[ParsedItem]:
    """One capture a vehicle."""
    body = payload.body
    if not multipart.looks_multipart(body):
        raws = counted([single for item in json_items(body) for single in _one_result_each(item)])
        return each(raws, understand, payload.terms)
    parts = multipart.split(body)
    document, picture = _form(parts)
    singles = _one_result_each(document)
    if len(singles) == 1:
        return each([body], understand, payload.terms)
    image = [multipart.Part("upload", "image/jpeg", picture)] if picture else []
    forms = [multipart.join([multipart.Part("json", "application/json", single), *image]) for single in singles]
    return each(forms, understand, payload.terms)


GATEWAY = Gateway("platerecognizer", frozenset(), parse)
