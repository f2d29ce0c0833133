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


class PasskeyRefusedError(UnauthenticatedError):
    """The one answer to every passkey that does not open: unknown, of another address, used before, not verified."""

    code = "passkey_refused"
    headers = {}  # noqa: RUF012


class PasskeysNeedANameError(InvalidError):
    """Browsers bind passkeys to a domain; the page was opened by another name, or by a number."""

    code = "passkeys_need_a_name"


class PasskeyTakenError(ConflictError):
    code = "passkey_taken"


class TooManyChallengesError(TooManyError):
    code = "too_many_challenges"


class NoPostError(ForbiddenError):
    """The account is there and its owner recognised, but every post has ended."""

    code = "no_post"


class NotAtABrowserError(ForbiddenError):
    code = "not_at_a_browser"
