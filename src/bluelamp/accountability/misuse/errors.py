"""Named failures of misuse detection."""

from __future__ import annotations

from bluelamp.spine.errors import ConflictError, InvalidError, NotFoundError


class NoSuchFindingError(NotFoundError):
    code = "no_such_finding"


class FindingDecidedError(ConflictError):
    code = "finding_decided"


class DirectoryTooLargeError(InvalidError):
    code = "directory_too_large"
