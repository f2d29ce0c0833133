"""Named failures of positions and places."""

from __future__ import annotations

from bluelamp.spine.errors import ConflictError, InvalidError, NotFoundError


class WindowError(InvalidError):
    code = "bad_window"


class TooManyResourcesError(InvalidError):
    code = "too_many_resources"


class BoxError(InvalidError):
    code = "bad_box"


class PlacesFileError(InvalidError):
    """A file of postcodes or marker posts that cannot be read at all."""

    code = "places_file"


class SourceNameTakenError(ConflictError):
    code = "source_name_taken"


class NoSuchSourceError(NotFoundError):
    code = "no_such_source"
