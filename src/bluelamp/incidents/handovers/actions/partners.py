"""Adding and changing partners, issuing and revoking the keys that they call with."""

from __future__ import annotations

import hashlib
import re
import secrets
from typing import Any, NamedTuple

from bluelamp.incidents.access import PARTNERS_MANAGE
from bluelamp.incidents.errors import NoSuchPartnerError, PartnerExistsError
from bluelamp.incidents.gateways.registry import FORMATS
from bluelamp.incidents.handovers import partner_store as store
from bluelamp.incidents.handovers.addresses import checked_url
from bluelamp.incidents.handovers.partner_store import Partner
from bluelamp.incidents.log.store import moment
from bluelamp.kit.ids import new_id
from bluelamp.spine import audit
from bluelamp.spine.errors import InvalidError
from bluelamp.spine.http import Caller
from bluelamp.spine.module import Spine
from bluelamp.spine.relational import Connection

KEYS_MAX = 4
_OID = re.compile(r"[0-9]+(\.[0-9]+)+")
_ADDRESS = re.compile(r"[!-%'-+\--;=?-~]{0,120}")


class NewKey(NamedTuple):
    """A key, shown this once."""

    partner: str
    key_id: str
    key: str


async def add_partner(spine: Spine, caller: Caller, values: dict[str, Any]) -> NewKey:
    """A partner of the caller's agency, with its first key, which is told once and kept nowhere.

    Raises:
        InvalidError: an unknown format or agency, or an address that is none.
        PartnerExistsError: the agency has this partner in this format.
    """
    now = moment(spine.clock())
    partner = Partner(new_id(), caller.agency, active=True, created_at=now, changed_at=now, **values)
    async with spine.db.transaction() as connection:
        await _check(connection, partner)
        if not await store.add(connection, partner):
            raise PartnerExistsError(f"{partner.agency} is a partner by {partner.format} already: change that one")
        key = await _issue(connection, spine, partner.id)
        await audit.record(
            connection, caller.actor, "collection", PARTNERS_MANAGE, subjects=(f"partner:{partner.id}",), detail=_told(values)
        )
    return key


async def change_partner(spine: Spine, caller: Caller, partner: str, values: dict[str, Any]) -> None:
    """Change what is given; messages that are made from now on go the new way.

    Raises:
        NoSuchPartnerError, InvalidError.
    """
    async with spine.db.transaction() as connection:
        before = await _held(connection, caller, partner)
        await _check(connection, before._replace(**values))
        changed = {name: value for name, value in values.items() if getattr(before, name) != value}
        if changed:
            await store.change(connection, partner, changed | {"changed_at": moment(spine.clock())})
        await audit.record(connection, caller.actor, "alteration", PARTNERS_MANAGE, subjects=(f"partner:{partner}",), detail=_told(changed))


async def issue_key(spine: Spine, caller: Caller, partner: str) -> NewKey:
    """One more live key, so that they can change over before the old one is revoked."""
    async with spine.db.transaction() as connection:
        await _held(connection, caller, partner)
        if len(await store.live_keys(connection, partner)) >= KEYS_MAX:
            raise InvalidError(f"a partner has at most {KEYS_MAX} live keys: revoke one first")
        key = await _issue(connection, spine, partner)
        detail = {"key_issued": key.key_id}
        await audit.record(connection, caller.actor, "alteration", PARTNERS_MANAGE, subjects=(f"partner:{partner}",), detail=detail)
    return key


async def revoke_key(spine: Spine, caller: Caller, partner: str, key_id: str) -> None:
    """The key opens nothing from the moment this commits."""
    async with spine.db.transaction() as connection:
        await _held(connection, caller, partner)
        if not await store.revoke_key(connection, partner, key_id, moment(spine.clock())):
            raise NoSuchPartnerError("this partner has no such live key")
        detail = {"key_revoked": key_id}
        await audit.record(connection, caller.actor, "alteration", PARTNERS_MANAGE, subjects=(f"partner:{partner}",), detail=detail)


async def _held(connection: Connection, caller: Caller, partner: str) -> Partner:
    found = await store.by_id(connection, partner, caller.agency, lock=True)
    if found is None:
        raise NoSuchPartnerError("your agency has no such partner")
    return found


async def _check(connection: Connection, partner: Partner) -> None:
    kind = FORMATS.get(partner.format)
    if kind is None:
        raise InvalidError(f"there is no hand-over format {partner.format[:40]!r}; there are: {', '.join(FORMATS)}")
    if partner.url:
        checked_url(partner.url)
    elif kind.read is None:
        raise InvalidError(f"{kind.title} is sent only: give the url where it goes")
    if kind.joins and not await connection.fetchval("SELECT true FROM agencies WHERE code = $1", partner.agency):
        raise InvalidError(
            f"there is no agency with the code {partner.agency[:20]!r}: add it first, so that incidents can be shared with it"
        )
    if kind.joins and partner.agency == partner.owner:
        raise InvalidError("a partner is another agency")
    for value in (partner.address, partner.own_address):
        if not _ADDRESS.fullmatch(value):
            raise InvalidError("an address is printable ASCII without spaces, commas, &, < and >")
        if partner.format == "ucri2" and not _OID.fullmatch(value):
            raise InvalidError("UCRI2 needs address and own_address as OIDs, such as 1.2.276.0.99")


def _told(values: dict[str, Any]) -> dict[str, Any]:
    """For the audit: without the key that they gave us."""
    return {name: ("changed" if name == "their_key" else value) for name, value in values.items()}


async def _issue(connection: Connection, spine: Spine, partner: str) -> NewKey:
    # 256 random bits need no salt and no slow hash: there is nothing to guess.
    key = f"blh_{secrets.token_urlsafe(32)}"
    made = NewKey(partner, new_id(), key)
    await store.add_key(connection, made.key_id, partner, hashlib.sha256(key.encode()).digest(), key[:8], moment(spine.clock()))
    return made
