"""Describes the intake's door in the OpenAPI document: it stands before the framework, which therefore cannot."""

from __future__ import annotations

from typing import Any

from bluelamp.anpr.gateways.registry import FORMATS

from .door import PREFIX

_COUNT = {"type": "integer", "minimum": 0}
_CONFIDENCE = {"type": "number", "minimum": 0, "maximum": 1}

_EVIDENCE = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["value", "confidence"],
        "properties": {"value": {"type": "string"}, "confidence": _CONFIDENCE},
    },
}
_VARIANTS = {
    "type": "array",
    "items": {"type": "object", "required": ["vrm", "confidence"], "properties": {"vrm": {"type": "string"}, "confidence": _CONFIDENCE}},
}
_JPEG = {"type": "string", "contentEncoding": "base64", "contentMediaType": "image/jpeg"}

NATIVE_READ: dict[str, Any] = {
    "title": "NativeRead",
    "description": "One read in the platform's own format. `camera` is what the register calls `external_id`.",
    "type": "object",
    "required": ["camera", "vrm", "captured_at", "confidence"],
    "properties": {
        "camera": {"type": "string"},
        "vrm": {"type": "string"},
        "captured_at": {"type": "string", "format": "date-time"},
        "confidence": _CONFIDENCE,
        "id": {"type": "string", "description": "The vendor's name of the passing vehicle: later events with it amend the first."},
        "direction": {"type": "string"},
        "lane": {"type": "integer"},
        **{name: {"type": "string"} for name in ("make", "model", "colour", "class")},
        "characters": _EVIDENCE,
        "variants": _VARIANTS,
        "plate_image": _JPEG,
        "overview_image": _JPEG,
    },
}

INTAKE_ANSWER: dict[str, Any] = {
    "title": "IntakeAnswer",
    "description": "Every item is durably stored or durably among the rejects. A repeat counts under `duplicates`.",
    "type": "object",
    "required": ["accepted", "duplicates", "amended", "without_plate", "rejected"],
    "properties": {
        **dict.fromkeys(("accepted", "duplicates", "amended", "without_plate"), _COUNT),
        "rejected": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["index", "code", "message"],
                "properties": {"index": _COUNT, "code": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}


def describe(document: dict[str, Any]) -> None:
    """Add the door, its shapes and its own way of signing in."""
    components = document.setdefault("components", {})
    components.setdefault("schemas", {}).update({"NativeRead": NATIVE_READ, "IntakeAnswer": INTAKE_ANSWER})
    components.setdefault("securitySchemes", {})["sourceKey"] = {"type": "http", "scheme": "bearer", "description": "A source's key."}
    native = {"$ref": "#/components/schemas/NativeRead"}
    vendors = sorted({media for gateway in FORMATS.values() for media in gateway.content_types} - {"application/json"})
    content: dict[str, Any] = {"application/json": {"schema": {"anyOf": [native, {"type": "array", "items": native}, {"type": "object"}]}}}
    content |= {media: {"schema": {}} for media in vendors}
    document["paths"][f"{PREFIX}{{format}}"] = {
        "post": {
            "operationId": "intake",
            "summary": "Intake",
            "description": "Camera events of one format. 202 only when all that was sent is kept; 4xx only when nothing was.",
            "tags": ["intake"],
            "security": [{"sourceKey": []}],
            "parameters": [{"name": "format", "in": "path", "required": True, "schema": {"type": "string", "enum": sorted(FORMATS)}}],
            "requestBody": {"required": True, "content": content},
            "responses": {
                "202": {
                    "description": "Kept.",
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/IntakeAnswer"}}},
                }
            },
        }
    }
