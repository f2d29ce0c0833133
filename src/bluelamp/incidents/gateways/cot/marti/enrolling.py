"""How a device gets its certificate: it asks what to put into a request, sends the request, and gets it signed.

Both with the account's name and the one-time token as basic authentication. Addresses and shapes are those that ATAK, iTAK and
`pytak` use against other TAK servers.
"""

from __future__ import annotations

import base64
import binascii
import logging
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bluelamp.incidents.gateways.cot.marti.door import body
from bluelamp.incidents.gateways.cot.settings import CotSettings
from bluelamp.incidents.gateways.cot.trust import actions, store
from bluelamp.incidents.gateways.cot.trust.authority import Authority, Signed
from bluelamp.incidents.gateways.cot.trust.errors import EnrolmentRefusedError
from bluelamp.spine.budgets import Budget
from bluelamp.spine.calling import network_of
from bluelamp.spine.errors import BluelampError, render
from bluelamp.spine.module import Spine
from bluelamp.spine.relational import Record

log = logging.getLogger(__name__)

REQUEST_BYTES_MAX = 32 << 10
FAILURES_PER_MINUTE_MAX = 20
"""Wrong tokens from one address. A token has 144 random bits; this only keeps the noise down."""


class Enrolling:
    """The ASGI application of the enrolment door."""

    def __init__(self, spine: Spine, authority: Authority, settings: CotSettings) -> None:
        self._spine = spine
        self._authority = authority
        self._settings = settings
        self._failures = Budget(spine.clock)
        self.app = Starlette(
            routes=[
                Route("/Marti/api/tls/config", self._config, methods=["GET"]),
                Route("/Marti/api/tls/signClient", self._sign_v1, methods=["POST"]),
                Route("/Marti/api/tls/signClient/v2", self._sign_v2, methods=["POST"]),
                Route("/Marti/api/tls/profile/enrollment", self._profile, methods=["GET"]),
            ],
            exception_handlers={BluelampError: _told},
        )

    async def _credentials(self, request: Request) -> tuple[Record, str]:
        """An enrolment that is open, and its token.

        Raises:
            EnrolmentRefusedError: none.
            TooManyError: too many wrong ones came from this address.
        """
        address = request.client.host if request.client else ""
        self._failures.check(address, FAILURES_PER_MINUTE_MAX, "too many enrolments were refused; try again in a minute")
        scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
        try:
            username, _, token = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            username = token = ""
        username = username.strip().casefold()
        if scheme.lower() == "basic" and (row := await store.open_enrolment(self._spine.db, username, token)) is not None:
            return row, token
        if encoded:
            self._failures.spend(address)
        raise EnrolmentRefusedError("this enrolment is unknown, used or over: ask for a new one in Bluelamp")

    async def _config(self, request: Request) -> Response:
        """What a request for a certificate should say; we take nothing but the key from it."""
        row, _ = await self._credentials(request)
        told = (
            '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
            '<ns2:certificateConfig xmlns="http://bbn.com/marti/xml/config" xmlns:ns2="com.bbn.marti.config"><nameEntries>'
            f'<nameEntry name="O" value={quoteattr(row["agency_name"])}/><nameEntry name="OU" value={quoteattr(row["agency"])}/>'
            "</nameEntries></ns2:certificateConfig>"
        )
        return Response(told, media_type="application/xml")

    async def _signed(self, request: Request) -> Signed:
        row, token = await self._credentials(request)
        asked, username = await body(request, REQUEST_BYTES_MAX), row["username"]
        place = network_of(request.client.host if request.client else "")
        signed = await actions.sign(self._spine, self._authority, username, token, asked, place, self._settings.certificate_days)
        log.info("a TAK device of %s is enrolled", username)
        return signed

    async def _sign_v1(self, request: Request) -> Response:
        """As older clients ask: the certificates in one PKCS #12 file."""
        return Response(self._authority.bundle(await self._signed(request)), media_type="application/x-pkcs12")

    async def _sign_v2(self, request: Request) -> Response:
        return _answer(await self._signed(request), self._authority, as_xml="xml" in request.headers.get("accept", ""))

    async def _profile(self, request: Request) -> Response:  # noqa: ARG002 - Starlette's signature
        """Clients ask for settings after enrolling; there are none."""
        return Response(status_code=204)


def _bare(pem: bytes) -> str:
    """Without the lines around it, as the clients put their own."""
    return "\n".join(line for line in pem.decode().splitlines() if not line.startswith("-----"))


def _answer(signed: Signed, authority: Authority, *, as_xml: bool) -> Response:
    certificate, root = _bare(signed.pem), _bare(authority.pem)
    if as_xml:
        told = f"<enrollment><signedCert>{escape(certificate)}</signedCert><ca>{escape(root)}</ca></enrollment>"
        return Response(f'<?xml version="1.0" encoding="UTF-8"?>{told}', media_type="application/xml")
    return Response(msgspec.json.encode({"signedCert": certificate, "ca0": root}), media_type="application/json")


async def _told(_request: Request, error: Any) -> Response:
    status, headers, body = render(error)
    return Response(body, status, headers)
