"""A provider's word that somebody has signed out (OpenID Connect Back-Channel Logout 1.0): believed only with its signature."""

from __future__ import annotations

from bluelamp.spine.errors import BluelampError
from bluelamp.spine.identity import sign_in
from bluelamp.spine.identity.sign_in import UNKNOWN
from bluelamp.spine.module import Spine

from .claims import Ended, TokenError, check_logout_token
from .provider import Known


class LogoutTokenError(BluelampError):
    """Section 2.8: 400, and nothing has ended."""

    code = "logout_token_refused"


async def read_logout_token(spine: Spine, known: Known, text: str) -> Ended:
    """Whose sessions a logout token ends.

    Raises:
        LogoutTokenError: it is none of this provider's for this platform; the audit knows why.
    """
    try:
        return check_logout_token(known.provider, await known.open(text), spine.clock() / 1000)
    except TokenError as error:
        await sign_in.refuse(spine, UNKNOWN, "identity.session.close", {"why": "logout_token", "reason": error.why})
        raise LogoutTokenError("this is no logout token of the provider's for this platform") from error
