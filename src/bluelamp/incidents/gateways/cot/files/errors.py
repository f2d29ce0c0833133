"""Named failures of files and packages."""

from __future__ import annotations

from bluelamp.spine.errors import ConflictError, InvalidError, NotFoundError, UnsupportedMediaError


class NoSuchFileError(NotFoundError):
    """Also where it is for others."""

    code = "no_such_file"

    def __init__(self) -> None:
        super().__init__("there is no such file, or it was not sent to you")


class HashMismatchError(InvalidError):
    code = "hash_mismatch"


class FileLimitError(ConflictError):
    code = "file_limit"


class PackageError(InvalidError):
    """A data package that is not opened; says why."""

    code = "package_unusable"


class PackageEntryError(UnsupportedMediaError):
    """Something in a data package that is not handed on."""

    code = "package_entry"
