"""One base for every named failure, and the only place that turns one into an answer (RFC 9457 problem+json)."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import msgspec

PROBLEM = "application/problem+json"


class BluelampError(Exception):
    """A failure that a person or program can act on. Subclasses set `status` and `code`; the message says what to do.

    `code` is stable: programs branch on it, so it never changes once released.
    """

    status: int = 400
    code: str = "bad_request"
    headers: dict[str, str] = {}  # noqa: RUF012 - constant, and replaced per instance where it varies

    def __init__(self, message: str, **members: Any) -> None:
        """`members` are extra members of the problem document (RFC 9457 section 3.2)."""
        super().__init__(message)
        self.message = message
        self.members = members


class InvalidError(BluelampError):
    status = 422
    code = "invalid"


class UnauthenticatedError(BluelampError):
    status = 401
    code = "unauthenticated"
    headers = {"WWW-Authenticate": "Bearer"}  # noqa: RUF012


class ForbiddenError(BluelampError):
    status = 403
    code = "forbidden"


class NotFoundError(BluelampError):
    """Also the answer where even existence is sensitive."""

    status = 404
    code = "not_found"


class ConflictError(BluelampError):
    status = 409
    code = "conflict"


class TooLargeError(BluelampError):
    status = 413
    code = "too_large"


class UnsupportedMediaError(BluelampError):
    status = 415
    code = "unsupported_media_type"


class TooManyError(BluelampError):
    """Refused for now; `Retry-After` says when to come back."""

    status = 429
    code = "too_many_requests"

    def __init__(self, message: str, retry_after_s: int, **members: Any) -> None:
        super().__init__(message, **members)
        self.headers = {"Retry-After": str(retry_after_s)}


class EngineDownError(BluelampError):
    """An engine does not answer: nothing was kept, the caller should repeat."""

    status = 503
    code = "engine_down"
    headers = {"Retry-After": "2"}  # noqa: RUF012


def problem(status: int, code: str, detail: str, **members: Any) -> bytes:
    """A problem document as bytes."""
    title = HTTPStatus(status).phrase
    return msgspec.json.encode(
        {
            "type": f"urn:bluelamp:problem:{code}",
            "title": title,
            "status": status,
            "code": code,
            "detail": detail,
            **members,
        }
    )


def render(error: BluelampError) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of the answer to a named failure."""
    return (
        error.status,
        {"Content-Type": PROBLEM, **error.headers},
        problem(error.status, error.code, error.message, **error.members),
    )
