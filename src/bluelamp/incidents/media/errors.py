"""Named failures of imagery."""

from __future__ import annotations

from bluelamp.spine.errors import ConflictError, InvalidError, NotFoundError, TooLargeError, UnsupportedMediaError


class NoSuchMediaError(NotFoundError):
    """Also where it is for others."""

    code = "no_such_media"

    def __init__(self, message: str = "the incident has no such picture, film or document, or it is not for your agency") -> None:
        super().__init__(message)


class MediaOnItsWayError(NotFoundError):
    """The log tells of it, and its content has not come from the other region yet."""

    code = "media_on_its_way"

    def __init__(self) -> None:
        super().__init__("it is on its way from another region: look again in a moment")


class MediaHiddenError(NotFoundError):
    code = "media_hidden"

    def __init__(self) -> None:
        super().__init__("it has been hidden; the original is kept, and the control room of the agency that leads can open it")


class NoThumbnailError(NotFoundError):
    code = "no_thumbnail"


class UploadOffsetError(ConflictError):
    """`offset` says from where to go on."""

    code = "upload_offset"


class UploadEndedError(ConflictError):
    """Refused or given up: begin again."""

    code = "upload_ended"


class UploadLimitError(ConflictError):
    code = "upload_limit"


class MediaTooLargeError(TooLargeError):
    code = "media_too_large"


class MediaFormatError(UnsupportedMediaError):
    """The content is none of the formats that are kept."""

    code = "media_format"


class MediaDamagedError(InvalidError):
    """What came is not what was announced, or cannot be read to its end."""

    code = "media_damaged"


class RangeError(InvalidError):
    """RFC 9110 section 15.5.17."""

    status = 416
    code = "range_not_satisfiable"
