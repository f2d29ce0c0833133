"""The named failures of identity."""

from __future__ import annotations

from bluelamp.spine.errors import ConflictError, ForbiddenError, InvalidError, TooManyError, UnauthenticatedError


class WrongPasswordError(UnauthenticatedError):
    """The one answer to every failed sign-in: it does not tell whether the account exists."""

    code = "wrong_password"
    headers = {}  # noqa: RUF012 - a challenge would make browsers ask for basic credentials


class SignInThrottledError(TooManyError):
    code = "sign_in_throttled"


class WeakPasswordError(InvalidError):
    code = "weak_password"


class UsernameTakenError(ConflictError):
    code = "username_taken"


class CsrfError(ForbiddenError):
    """A cookie came without the header that only our own pages can set."""

    code = "csrf"


class UnknownRoleError(InvalidError):
    code = "unknown_role"


class UnknownAgencyError(InvalidError):
    code = "unknown_agency"
