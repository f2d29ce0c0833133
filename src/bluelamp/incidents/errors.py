"""Named failures of incidents."""

from __future__ import annotations

from bluelamp.spine.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError


class NoSuchIncidentError(NotFoundError):
    """Also where it belongs to others."""

    code = "no_such_incident"

    def __init__(self) -> None:
        super().__init__("there is no such incident, or your agency is not part of it")


class PeriodError(InvalidError):
    code = "no_such_period"


class IncidentClosedError(ConflictError):
    code = "incident_closed"


class NotOpenedError(InvalidError):
    code = "not_opened"


class NotMergedError(ConflictError):
    code = "not_merged"


class MergeTooLargeError(ConflictError):
    code = "merge_too_large"


class NotTheLeadError(ForbiddenError):
    code = "not_the_lead"


class NotYoursError(ForbiddenError):
    """What belongs to another agency is changed by that agency."""

    code = "not_yours"


class NoSuchThingError(InvalidError):
    """An event speaks of something that the incident does not have."""

    code = "no_such_thing"


class UnknownTermError(InvalidError):
    code = "unknown_term"


class IdTakenError(ConflictError):
    """The device chose an id that another event bears."""

    code = "id_taken"


class NoSuchResourceError(NotFoundError):
    code = "no_such_resource"


class CallSignTakenError(ConflictError):
    code = "call_sign_taken"


class NoSuchEmergencyError(NotFoundError):
    code = "no_such_emergency"


class TermsFileError(InvalidError):
    code = "terms_file"


class NoSuchPartnerError(NotFoundError):
    code = "no_such_partner"


class PartnerExistsError(ConflictError):
    code = "partner_exists"


class NoSuchTransferError(NotFoundError):
    code = "no_such_transfer"


class NotWaitingError(ConflictError):
    """It is done already, or still under way: there is nothing to mend."""

    code = "not_waiting"
