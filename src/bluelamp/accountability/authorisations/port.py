"""What other capabilities ask of authorisations (`contracts/authorities.py`). Always from the database: what ended opens nothing."""

from __future__ import annotations

from datetime import UTC, datetime

from bluelamp.accountability.authorisations import store
from bluelamp.accountability.authorisations.domain import covers
from bluelamp.contracts.authorities import Asked, Authority
from bluelamp.kit.clock import to_ms
from bluelamp.spine.identity.standing import person_now
from bluelamp.spine.module import Spine


class KeptAuthorities:
    """Authorities as they are kept here."""

    def __init__(self, spine: Spine) -> None:
        self._spine = spine

    async def covering(self, asked: Asked) -> tuple[Authority, ...]:
        now = datetime.fromtimestamp(self._spine.clock() / 1000, UTC)
        held = await store.in_force(self._spine.db, asked.person, asked.purpose, now)
        return tuple(
            Authority(a.id, "override" if a.kind == "override" else "granted", to_ms(a.data_from), to_ms(a.data_to))
            for a in held
            if covers(a, asked)
        )

    async def deputises(self, person: str) -> bool:
        stands = await person_now(self._spine, person=person)
        if stands is None:
            return False
        now = datetime.fromtimestamp(self._spine.clock() / 1000, UTC)
        for principal in await store.principals_of(self._spine.db, person, stands.agency, now):
            other = await person_now(self._spine, person=principal, agency=stands.agency)
            if other is not None and self._spine.policy.rules.terms.gives_authority(other.rank):
                return True
        return False
