"""Every door names one permission, or is among the few that everybody may use; every permission is somebody's and is used."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from bluelamp.app.static import PAGES
from bluelamp.app.wiring import MODULES, policy_of
from bluelamp.spine.policy import PUBLIC, ROLES
from tests.house.routes import DOORS, Door

SOURCE = Path(__file__).parents[2] / "src/bluelamp"

PUBLIC_DOORS = {
    "POST /v1/session",  # how else to sign in
    "GET /v1/session/passkey",
    "POST /v1/session/passkey",
    "GET /v1/session/ways",
    # Where a provider sends browsers, and where it says that somebody has signed out: its signature is the proof.
    "GET /v1/oidc/{provider}/start",
    "GET /v1/oidc/{provider}/callback",
    "POST /v1/oidc/{provider}/back-channel-logout",
    "GET /healthz",
    "GET /readyz",
    "GET /metrics",
    "GET /openapi.json",
    "GET /v1/transparency",  # what the public is told: a report of a day, without persons
    # The console's own files: they know nothing until somebody signs in.
    *(f"GET {path}" for path in PAGES),
    "GET /assets/{name}",
    "GET /lamp.svg",
    "GET /officer/",
    "GET /officer/assets/{name}",
    "GET /officer/{name}",
}


@pytest.mark.parametrize("door", DOORS, ids=str)
def test_a_door_has_exactly_one_permission(door: Door) -> None:
    assert len(door.markers) == 1, f"{door} is marked with {door.markers or 'nothing'}: use permit(NAME) once"
    assert door.markers[0] in policy_of().permissions or door.markers[0] == PUBLIC


def test_the_public_doors_are_those_that_were_agreed() -> None:
    public = {f"{door.method} {door.path}" for door in DOORS if door.markers == (PUBLIC,)}
    assert public - {f"HEAD {path.partition(' ')[2]}" for path in PUBLIC_DOORS} == PUBLIC_DOORS


def _words(tree: ast.AST) -> set[str]:
    """Names and attributes that a file uses, imports and assignments aside."""
    loaded = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    return loaded | {n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute)}


def _constants() -> dict[str, str]:
    """Names of permission constants, by permission."""
    constants = {}
    for file in SOURCE.rglob("access.py"):
        for node in ast.parse(file.read_text("utf-8")).body:
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
                constants[node.value.value] = ast.unparse(node.targets[0])
    return constants


def test_every_permission_is_used_by_a_door_or_asked_for() -> None:
    marked = {marker for door in DOORS for marker in door.markers}
    used: set[str] = set()
    for file in SOURCE.rglob("*.py"):
        if file.name != "access.py":
            used |= _words(ast.parse(file.read_text("utf-8")))
    constants = _constants()
    live = {module.live.permission for module in MODULES if module.live is not None and hasattr(module.live, "permission")}
    idle = [name for name in policy_of().permissions if name not in marked | live and constants.get(name, "") not in used]
    assert not idle, f"declared and never asked for: {idle}"


def test_permissions_are_named_by_capability_noun_and_verb_and_belong_to_a_role() -> None:
    for name, permission in policy_of().permissions.items():
        assert len(name.split(".")) == 3, name
        assert permission.roles, f"{name} belongs to no role"
        assert permission.roles <= set(ROLES)
        assert permission.description


def test_every_role_can_use_its_own_account() -> None:
    for role in ROLES:
        assert "identity.account.use" in policy_of().of_roles({role})


def test_duties_are_separate() -> None:
    """Who administers does not search, who audits changes nothing, a supplier sees nothing of police work."""
    of = policy_of().of_roles
    assert not {
        p for p in of({"admin"}) if p.startswith(("anpr.searches", "anpr.hits", "anpr.pictures", "anpr.exports", "audit.entries.view_a"))
    }
    assert not {p for p in of({"auditor"}) if p.endswith((".manage", ".decide", ".write", ".replay", ".run"))}
    assert not {p for p in of({"supplier"}) if p.startswith("anpr.")}
