"""Named failures of misuse detection."""

from __future__ import annotations

from bluelamp.spine.errors import InvalidError, NotFoundError


class NoSuchFindingError(NotFoundError):
    code = "no_such_finding"


class DirectoryTooLargeError(InvalidError):
    code = "directory_too_large"
