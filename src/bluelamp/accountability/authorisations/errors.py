"""The named failures of authorisations."""

from __future__ import annotations

from bluelamp.spine.errors import ConflictError, InvalidError, NotFoundError


class NoSuchAuthorisationError(NotFoundError):
    """Also the answer to who may not see it."""

    code = "no_such_authorisation"


class AlreadyDecidedError(ConflictError):
    """Somebody else has decided, or it has ended meanwhile; the answer's `state` says how it stands."""

    code = "already_decided"


class TooManyWaitingError(ConflictError):
    """So that nobody's questions bury everybody's."""

    code = "too_many_waiting"


class ScopeMissingError(InvalidError):
    """Authority is for vehicles or a place, and for a period: never for everything."""

    code = "scope_missing"


class NoSuchDeputyError(NotFoundError):
    code = "no_such_deputy"


class NotADeputyError(InvalidError):
    """Somebody who could not decide: of another agency, without the role, or oneself."""

    code = "not_a_deputy"
