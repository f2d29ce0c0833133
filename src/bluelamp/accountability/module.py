"""All that the application mounts of accountability."""

from __future__ import annotations

from importlib.resources import files

from bluelamp.accountability.access import PERMISSIONS
from bluelamp.accountability.authorisations import jobs as authorisation_jobs
from bluelamp.accountability.authorisations import routes as authorisation_routes
from bluelamp.accountability.authorisations.port import KeptAuthorities
from bluelamp.accountability.explaining import routes as explaining_routes
from bluelamp.accountability.misuse import jobs as misuse_jobs
from bluelamp.accountability.misuse import routes as misuse_routes
from bluelamp.accountability.misuse.settings import MisuseSettings
from bluelamp.accountability.reviews import jobs as review_jobs
from bluelamp.accountability.reviews import routes as review_routes
from bluelamp.accountability.reviews.settings import ReviewSettings
from bluelamp.accountability.settings import AuthorisationSettings
from bluelamp.accountability.transparency import jobs as transparency_jobs
from bluelamp.accountability.transparency import routes as transparency_routes
from bluelamp.contracts.authorities import PORT
from bluelamp.spine.module import Module

MODULE = Module(
    name="accountability",
    routers=(authorisation_routes.router, explaining_routes.router, misuse_routes.router, review_routes.router, transparency_routes.router),
    jobs=(authorisation_jobs.JOB, misuse_jobs.WATCH, misuse_jobs.TIDY, review_jobs.PUT_UP, transparency_jobs.PUBLISH),
    settings=(AuthorisationSettings, MisuseSettings, ReviewSettings),
    ports={PORT: KeptAuthorities},
    permissions=PERMISSIONS,
    per_process={transparency_routes.NAME: transparency_routes.Published},
    migrations=files("bluelamp.accountability") / "migrations",
    policies=files("bluelamp.accountability") / "policies",
)
