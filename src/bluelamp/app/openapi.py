"""The OpenAPI document: completed, in a stable order, written to or compared with the file that is checked in."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from bluelamp.spine.config import PlatformSettings
from bluelamp.spine.module import Module

PROBLEM_SCHEMA: dict[str, Any] = {
    "title": "Problem",
    "description": "RFC 9457. `code` is stable: branch on it. `detail` is for people and says what to do.",
    "type": "object",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
    },
    "additionalProperties": True,
}
PROBLEM_ANSWER = {
    "description": "Refused or failed; see `code`.",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
METHODS = ("get", "post", "put", "patch", "delete")


def complete(document: dict[str, Any], modules: tuple[Module, ...], public: set[tuple[str, str]]) -> dict[str, Any]:
    """Add problem answers, ways of signing in and the modules' own doors; sort everything that has no order of its own.

    `public`: (path, method in lower case) of the doors that ask nobody who they are.
    """
    for module in modules:
        if module.openapi is not None:
            module.openapi(document)
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schemas["Problem"] = PROBLEM_SCHEMA
    document["components"].setdefault("securitySchemes", {}).update(
        session={"type": "apiKey", "in": "cookie", "name": "bluelamp_session"},
        token={"type": "http", "scheme": "bearer"},
    )
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                _complete_operation(item[method], is_public=(path, method) in public)
    return _sorted(document)


def _complete_operation(operation: dict[str, Any], *, is_public: bool) -> None:
    answers = operation.setdefault("responses", {})
    answers.pop("422", None)
    answers["default"] = PROBLEM_ANSWER
    operation.setdefault("security", [] if is_public else [{"session": []}, {"token": []}])


def _sorted(document: dict[str, Any]) -> dict[str, Any]:
    document["paths"] = dict(sorted(document["paths"].items()))
    document["components"]["schemas"] = dict(sorted(document["components"]["schemas"].items()))
    return document


def as_text(document: dict[str, Any]) -> str:
    """As it is checked in."""
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def main(arguments: list[str] | None = None) -> int:
    """Write FILE, or with --check say whether it is still what the code offers."""
    from bluelamp.app.http import create_app  # noqa: PLC0415 - http describes itself with this module

    parser = argparse.ArgumentParser(prog="python -m bluelamp.app.openapi", description=main.__doc__)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("file", type=Path)
    given = parser.parse_args(arguments)
    text = as_text(create_app(PlatformSettings()).openapi())
    if not given.check:
        given.file.parent.mkdir(parents=True, exist_ok=True)
        given.file.write_text(text, "utf-8")
        return 0
    if given.file.exists() and given.file.read_text("utf-8") == text:
        return 0
    sys.stderr.write(f"{given.file} is not what the code offers: run 'make openapi' and look at the difference\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
