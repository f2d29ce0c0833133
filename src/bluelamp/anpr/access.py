"""Named permissions of ANPR and the roles that hold them."""

from __future__ import annotations

from bluelamp.spine.policy import ROLES, Permission

WORKING = frozenset(ROLES) - {"supplier", "responder", "dispatcher"}
ADMINS = frozenset({"admin", "national_admin"})

SOURCES_VIEW = "anpr.sources.view"
SOURCES_MANAGE = "anpr.sources.manage"
CAMERAS_VIEW = "anpr.cameras.view"
CAMERAS_MANAGE = "anpr.cameras.manage"
REJECTS_VIEW = "anpr.rejects.view"
REJECTS_REPLAY = "anpr.rejects.replay"
REGISTRY_NATIONAL = "anpr.registry.manage_national"

REGISTRY_PERMISSIONS = (
    Permission(SOURCES_VIEW, "see the sources of your agency", ADMINS),
    Permission(SOURCES_MANAGE, "add sources of your agency, change them, issue and revoke their keys", ADMINS),
    Permission(CAMERAS_VIEW, "see every camera and its health", WORKING),
    Permission(CAMERAS_MANAGE, "register and change the cameras of your agency", ADMINS),
    Permission(REJECTS_VIEW, "see what the sources of your agency sent that could not become a read", ADMINS),
    Permission(REJECTS_REPLAY, "replay the rejects of your agency's sources", ADMINS),
    Permission(REGISTRY_NATIONAL, "administer sources, cameras and rejects of every agency", frozenset({"national_admin"})),
)

SEARCHES_RUN = "anpr.searches.run"
SEARCHES_DEEP = "anpr.searches.deep"
SEARCHES_KEEP = "anpr.searches.keep"
EXPORTS_MAKE = "anpr.exports.make"
PICTURES_VIEW = "anpr.pictures.view"

AUTHORITY_ASK = "accountability.authorisations.ask"
AUTHORITY_OVERRIDE = "accountability.authorisations.override"
"""Declared by accountability; here only to tell a refused person what they may do."""

_LOOKERS = frozenset({"officer", "analyst", "control", "supervisor"})
_ANALYSTS = frozenset({"analyst", "supervisor", "control"})

SEARCH_PERMISSIONS = (
    Permission(SEARCHES_RUN, "search the history of reads for a plate, a part of one or a place", _LOOKERS),
    Permission(SEARCHES_DEEP, "search the history for many plates at once", _ANALYSTS),
    Permission(SEARCHES_KEEP, "save, share and keep standing one's searches", _ANALYSTS),
    Permission(EXPORTS_MAKE, "export what a search found", _ANALYSTS),
    Permission(PICTURES_VIEW, "open pictures that a search or a hit has shown", _LOOKERS),
)

LISTS_VIEW = "anpr.lists.view"
LISTS_MANAGE = "anpr.lists.manage"
HITS_VIEW = "anpr.hits.view"
HITS_DECIDE = "anpr.hits.decide"
HITS_RELEASE_ANY = "anpr.hits.release_any"
MUTES_MANAGE = "anpr.mutes.manage"
HANDOVERS_WRITE = "anpr.handovers.write"

MATCHING_PERMISSIONS = (
    Permission(LISTS_VIEW, "see the lists of vehicles of interest of your agency", frozenset({"analyst", "control", "supervisor"})),
    Permission(LISTS_MANAGE, "change the lists of vehicles of interest of your agency", frozenset({"supervisor"})),
    Permission(
        HITS_VIEW,
        "see hits at your agency's cameras and on its lists",
        frozenset({"officer", "analyst", "control", "supervisor"}),
    ),
    Permission(HITS_DECIDE, "take a hit and say what came of it", frozenset({"control", "supervisor"})),
    Permission(HITS_RELEASE_ANY, "release a hit that somebody else has taken", frozenset({"supervisor"})),
    Permission(MUTES_MANAGE, "mute a camera or an entry for a while", frozenset({"control", "supervisor"})),
    Permission(HANDOVERS_WRITE, "hand over at the end of a shift", frozenset({"control", "supervisor"})),
)

PRESERVATION_VIEW = "anpr.preservation.view"
PRESERVATION_MAKE = "anpr.preservation.make"
PRESERVATION_HOLD = "anpr.preservation.hold"
PRESERVATION_RELEASE = "anpr.preservation.release"
RETENTION_VIEW = "anpr.retention.view"
SUBJECTS_DISCLOSE = "anpr.subjects.disclose"
SUBJECTS_ERASE = "anpr.subjects.erase"

_CASEWORKERS = frozenset({"analyst", "supervisor"})

PRESERVATION_PERMISSIONS = (
    Permission(PRESERVATION_VIEW, "see what your agency preserves for its cases, and find it in searches for that case", _CASEWORKERS),
    Permission(PRESERVATION_MAKE, "preserve reads for a case and review what is preserved", _CASEWORKERS),
    Permission(PRESERVATION_HOLD, "put what is preserved under legal hold, and lift it as one of two", _CASEWORKERS),
    Permission(PRESERVATION_RELEASE, "release what a case preserves", frozenset({"supervisor"})),
    Permission(RETENTION_VIEW, "see what was deleted after its time, and what is left", frozenset({"auditor", "admin"})),
    Permission(SUBJECTS_DISCLOSE, "gather what is held on a vehicle for its keeper", frozenset({"supervisor"})),
    Permission(SUBJECTS_ERASE, "erase or restrict reads with authority", frozenset({"supervisor"})),
)

PERMISSIONS = (*PRESERVATION_PERMISSIONS, *REGISTRY_PERMISSIONS, *MATCHING_PERMISSIONS, *SEARCH_PERMISSIONS)
