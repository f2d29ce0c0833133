"""The named failures of ANPR. Codes are stable: suppliers branch on them."""

from __future__ import annotations

from bluelamp.spine.errors import BluelampError, ConflictError, ForbiddenError, InvalidError, NotFoundError


class NotThisFormatError(BluelampError):
    """A body in which no item of the named camera format can be told apart: nothing was kept."""

    status = 422
    code = "not_this_format"


class TooManyItemsError(NotThisFormatError):
    """A body with more items or parts than one request may carry: nothing was kept, send it in pieces."""

    status = 413
    code = "too_many_items"


class SourceExistsError(ConflictError):
    code = "source_exists"


class NoSuchSourceError(NotFoundError):
    """Also the answer to who may not see it."""

    code = "no_such_source"


class NoSuchCameraError(NotFoundError):
    code = "no_such_camera"


class NoSuchRejectError(NotFoundError):
    """Also the answer to who may not see it."""

    code = "no_such_reject"


class NoSuchKeyError(NotFoundError):
    code = "no_such_key"


class ReasonRequiredError(InvalidError):
    """No reason, no search."""

    code = "reason_required"


class BadPlateError(InvalidError):
    """What was asked for is no registration mark."""

    code = "bad_plate"


class BadPatternError(InvalidError):
    code = "bad_pattern"


class BadAreaError(InvalidError):
    code = "bad_area"


class BadWindowError(InvalidError):
    """No times, or times that end before they begin, or lie before what is kept."""

    code = "bad_window"


class WindowTooWideError(InvalidError):
    """More time than a question of this kind may cover."""

    code = "window_too_wide"


class TooManyPlatesError(InvalidError):
    code = "too_many_plates"


class CriteriaClashError(InvalidError):
    """More than one of the plate, the plates and the pattern; or more than one kind of place."""

    code = "criteria_clash"


class NeedsAuthorityError(ForbiddenError):
    """The look reaches further back than is open. `why` and `lawful_if` say it in words; `can_ask` and `can_override` what to do."""

    code = "needs_authority"


class NoSuchSearchError(NotFoundError):
    """Also the answer to who may not see it."""

    code = "no_such_search"


class NoSuchReadError(NotFoundError):
    code = "no_such_read"


class NoSuchExportError(NotFoundError):
    """Also the answer to who may not see it."""

    code = "no_such_export"


class NoSuchPictureError(NotFoundError):
    """Also the answer to who has not come by it through a search or a hit."""

    code = "no_such_picture"


class TooManyStandingError(ConflictError):
    code = "too_many_standing"


class ExportTooLargeError(InvalidError):
    """The search found more than one export may hold: nothing was exported, so that nobody takes a part for the whole."""

    code = "export_too_large"


class NoSuchListError(NotFoundError):
    code = "no_such_list"


class ListExistsError(ConflictError):
    code = "list_exists"


class NoSuchEntryError(NotFoundError):
    code = "no_such_entry"


class EntryExistsError(ConflictError):
    """The mark stands on the list already: change that entry."""

    code = "entry_exists"


class CsvHeaderError(InvalidError):
    """The first line does not name the columns: nothing was imported."""

    code = "csv_header"


class SharedToSeeError(ForbiddenError):
    """Another agency's, which a sharing rule lets this one look at and nothing else."""

    code = "shared_to_see"


class NoSuchHitError(NotFoundError):
    code = "no_such_hit"


class HitTakenError(ConflictError):
    """Somebody else has taken the hit; the answer's `taken_by` says who."""

    code = "hit_taken"


class NoSuchMuteError(NotFoundError):
    code = "no_such_mute"


class NoSuchPreservationError(NotFoundError):
    """Also the answer to who may not see it."""

    code = "no_such_preservation"


class AlreadyReleasedError(ConflictError):
    code = "already_released"


class UnderHoldError(ConflictError):
    """A legal hold keeps it."""

    code = "legal_hold"


class PreservedError(ConflictError):
    """A case keeps it."""

    code = "preserved"


class SecondPersonNeededError(ConflictError):
    """Two people are needed, and this is the first again."""

    code = "second_person_needed"
