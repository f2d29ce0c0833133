"""What is wrong with a question, in words that say what to do. Never what was sent: it may be a password, a name or a plate."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

_TIMES = ("datetime_", "date_", "time_", "timezone_")
_WORDS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "missing": lambda _: "is missing",
    "extra_forbidden": lambda _: "is not known here",
    "string_too_short": lambda c: "must not be empty" if c["min_length"] == 1 else f"is too short: at least {c['min_length']:,} characters",
    "string_too_long": lambda c: f"is too long: at most {c['max_length']:,} characters",
    "too_short": lambda c: f"has too few entries: at least {c['min_length']:,}",
    "too_long": lambda c: f"has too many entries: at most {c['max_length']:,}",
    "greater_than_equal": lambda c: f"must be {c['ge']} or more",
    "less_than_equal": lambda c: f"must be {c['le']} or less",
    "literal_error": lambda c: f"must be {c['expected']}",
    "enum": lambda c: f"must be {c['expected']}",
    "value_error": lambda c: str(c["error"]),
}


def in_words(mistake: Mapping[str, Any]) -> str:
    """One of pydantic's `ValidationError.errors()` (https://docs.pydantic.dev/latest/errors/validation_errors/)."""
    kind = str(mistake["type"])
    if kind.startswith(_TIMES):
        return "is not a time such as 2026-01-31T03:15:00Z"
    words = _WORDS.get(kind)
    return words(mistake.get("ctx") or {}) if words is not None else str(mistake["msg"])


def where_and_what(mistake: Mapping[str, Any]) -> str:
    where = ".".join(str(step) for step in mistake["loc"] if step != "body")
    return f"{where}: {in_words(mistake)}" if where else in_words(mistake)
