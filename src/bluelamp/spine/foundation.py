"""The spine as a module of its own: the doors, permissions, settings and jobs that every installation has."""

from __future__ import annotations

from importlib.resources import files

from bluelamp.spine import live_routes
from bluelamp.spine.audit import access as audit_access
from bluelamp.spine.audit import retention as audit_retention
from bluelamp.spine.audit import routes as audit_routes
from bluelamp.spine.audit import sequencer as audit_sequencer
from bluelamp.spine.audit.settings import AuditSettings
from bluelamp.spine.config import PlatformSettings
from bluelamp.spine.encryption import rotation
from bluelamp.spine.identity import routes as identity_routes
from bluelamp.spine.identity import session_routes, store
from bluelamp.spine.identity.access import PERMISSIONS
from bluelamp.spine.identity.oidc import routes as oidc_routes
from bluelamp.spine.identity.oidc.provider import Providers
from bluelamp.spine.identity.oidc.settings import OidcSettings
from bluelamp.spine.maps import routes as map_routes
from bluelamp.spine.module import Job, Module, Spine
from bluelamp.spine.organisations import access as organisation_access
from bluelamp.spine.organisations import people, people_routes, sharing_routes
from bluelamp.spine.organisations import routes as organisation_routes
from bluelamp.spine.sharing import SharingBook


async def _forget_expired(spine: Spine) -> None:
    await store.forget_expired(spine.db)


MODULE = Module(
    name="spine",
    routers=(
        identity_routes.router,
        session_routes.router,
        oidc_routes.router,
        organisation_routes.router,
        people_routes.router,
        sharing_routes.router,
        audit_routes.router,
        live_routes.router,
        map_routes.router,
    ),
    consumers={"audit-sequencer": audit_sequencer.run},
    jobs=(
        Job("identity-expiry", 3600, _forget_expired),
        Job("people-dates", 30, people.keep_dates),
        rotation.JOB,
        Job("audit-months", 6 * 3600, audit_retention.keep_months),
    ),
    permissions=(*PERMISSIONS, *audit_access.PERMISSIONS, *organisation_access.PERMISSIONS),
    settings=(PlatformSettings, AuditSettings, OidcSettings),
    per_process={"oidc": Providers, "sharing": SharingBook},
    migrations=files("bluelamp.spine") / "migrations",
)
