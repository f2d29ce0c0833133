"""The least that a documented request needs: made from the OpenAPI document, so that new routes need no test of their own shape."""

from __future__ import annotations

import re
from typing import Any

CANDIDATES = ("a", "AB12CDE", "01ARZ3NDEKTSV4RRFFQ69G5FAV", "1", "test", "#123456", "a1b2c3d4", "KEN")
"""Tried in turn where a text has a pattern."""


def instance(schema: dict[str, Any], document: dict[str, Any]) -> Any:
    """A small value that the schema allows, as far as a few rules reach: required members only, first alternatives."""
    if "$ref" in schema:
        named = document
        for step in schema["$ref"].removeprefix("#/").split("/"):
            named = named[step]
        return instance(named, document)
    for fixed in ("const", "default"):
        if fixed in schema:
            return schema[fixed]
    if "enum" in schema:
        return schema["enum"][0]
    for alternatives in ("anyOf", "oneOf", "allOf"):
        if alternatives in schema:
            return instance(schema[alternatives][0], document)
    return _of_type(schema, document)


def _of_type(schema: dict[str, Any], document: dict[str, Any]) -> Any:
    kind = schema.get("type", "object")
    if kind == "object":
        members = schema.get("properties", {})
        return {name: instance(members.get(name, {"type": "string"}), document) for name in schema.get("required", ())}
    if kind == "array":
        return [instance(schema.get("items", {"type": "string"}), document)] * schema.get("minItems", 0)
    if kind == "string":
        return _text(schema)
    return {"integer": schema.get("minimum", 1), "number": schema.get("minimum", 1.0), "boolean": False}.get(kind)


def _text(schema: dict[str, Any]) -> str:
    if schema.get("format") == "date-time":
        return "2026-06-01T12:00:00Z"
    least, most = schema.get("minLength", 0), schema.get("maxLength", 1 << 20)
    for text in CANDIDATES:
        fitted = text.ljust(least, "a")
        if len(fitted) <= most and re.search(schema.get("pattern", ""), fitted):
            return fitted
    return "a" * least


def request_of(document: dict[str, Any], method: str, path: str) -> dict[str, Any]:
    """`params` and a body for httpx: what the operation requires, and nothing else."""
    operation = document["paths"].get(path, {}).get(method.lower(), {})
    params = {
        parameter["name"]: instance(parameter["schema"], document)
        for parameter in operation.get("parameters", ())
        if parameter["in"] == "query" and parameter.get("required")
    }
    content = operation.get("requestBody", {}).get("content", {})
    if "application/json" in content:
        return {"params": params, "json": instance(content["application/json"]["schema"], document)}
    if content:
        return {"params": params, "content": b"", "headers": {"Content-Type": next(iter(content))}}
    return {"params": params}
