"""Every door that changes something leads to an audit entry.

Twice: here by following each handler's calls through the code; and at run time, where tests/support/witness.py stands in front
of the test platform and fails any request that changed something without an entry.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable
from functools import cache
from types import ModuleType
from typing import Any

import pytest

from bluelamp.spine import audit
from tests.house.routes import DOORS, Door
from tests.support.witness import UNAUDITED, witnessed

ENTRIES = (audit.record, audit.intend, witnessed)
CHANGING = [door for door in DOORS if door.method not in {"GET", "HEAD"}]


def _resolve(expression: ast.expr, scope: dict[str, Any]) -> Any:
    """The object that a called name or attribute stands for, as far as the module's own names tell."""
    if isinstance(expression, ast.Name):
        return scope.get(expression.id)
    if isinstance(expression, ast.Attribute):
        owner = _resolve(expression.value, scope)
        return getattr(owner, expression.attr, None) if isinstance(owner, (ModuleType, type)) else None
    return None


def _callees(function: Callable[..., Any]) -> list[Any]:
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except OSError:  # made by a decorator such as @dataclass
        return []
    scope = getattr(inspect.unwrap(function), "__globals__", {})
    return [_resolve(node, scope) for node in ast.walk(tree) if isinstance(node, (ast.Name, ast.Attribute))]


def _is_ours(named: Any) -> bool:
    """A function or class of the platform; not the frame of the doors, whose refusals are audited for every door."""
    is_code = inspect.isfunction(named) or isinstance(named, type)
    return is_code and named.__module__.startswith("bluelamp.") and named.__module__ != "bluelamp.spine.http"


@cache
def leads_to_entry(function: Callable[..., Any]) -> bool:
    """Whether anything that the function names, at any depth within the platform, writes an audit entry."""
    seen: set[Any] = set()
    waiting = [function]
    while waiting:
        at = waiting.pop()
        if at in seen:
            continue
        seen.add(at)
        for named in _callees(at):
            if named in ENTRIES:
                return True
            if not _is_ours(named):
                continue
            waiting += [named] if inspect.isfunction(named) else [m for m in vars(named).values() if inspect.isfunction(m)]
    return False


@pytest.mark.parametrize("door", CHANGING, ids=str)
def test_a_changing_door_leads_to_an_audit_entry(door: Door) -> None:
    if str(door) in UNAUDITED:
        pytest.skip(UNAUDITED[str(door)])
    assert leads_to_entry(door.endpoint), f"{door}: {door.endpoint.__module__}.{door.endpoint.__name__} never reaches audit.record"


def test_following_calls_tells_a_door_without_entry() -> None:
    from bluelamp.app.health import read_health  # noqa: PLC0415
    from bluelamp.spine.identity.routes import read_me  # noqa: PLC0415

    assert not leads_to_entry(read_me)
    assert not leads_to_entry(read_health)


def test_the_exceptions_exist() -> None:
    assert UNAUDITED.keys() <= {str(door) for door in CHANGING}
