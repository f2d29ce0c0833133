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

RECORDS = (audit.record, witnessed)
"""What leaves the entry of a change; the intent of a look does not stand for it."""
FRAME = ("bluelamp.spine.http", "bluelamp.spine.deciding")
"""The frame of the doors and of the decisions: a refusal that it notes is no entry of the change that a verb makes."""
ENTRIES = (*RECORDS, audit.intend)
CHANGING = [door for door in DOORS if door.method not in {"GET", "HEAD"}]


def _resolve(expression: ast.expr, scope: dict[str, Any]) -> Any:
    """The object that a called name or attribute stands for, as far as the module's own names tell."""
    if isinstance(expression, ast.Name):
        return scope.get(expression.id)
    if isinstance(expression, ast.Attribute):
        owner = _resolve(expression.value, scope)
        return getattr(owner, expression.attr, None) if isinstance(owner, (ModuleType, type)) else None
    return None


@cache
def _callees(function: Callable[..., Any]) -> list[Any]:
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except OSError:  # made by a decorator such as @dataclass
        return []
    scope = getattr(inspect.unwrap(function), "__globals__", {})
    return [_resolve(node, scope) for node in ast.walk(tree) if isinstance(node, (ast.Name, ast.Attribute))]


def _is_ours(named: Any) -> bool:
    """A function or class of the platform; not the frame, whose refusals are audited for every door."""
    is_code = inspect.isfunction(named) or isinstance(named, type)
    return is_code and named.__module__.startswith("bluelamp.") and named.__module__ not in FRAME


@cache
def leads_to_entry(function: Callable[..., Any], entries: tuple[Any, ...] = ENTRIES, without: Callable[..., Any] | None = None) -> bool:
    """Whether anything that the function names, at any depth within the platform, writes an audit entry.

    `without` is a function whose own entries do not count, as if somebody had removed them.
    """
    seen: set[Any] = set()
    waiting = [function]
    while waiting:
        at = waiting.pop()
        if at in seen:
            continue
        seen.add(at)
        for named in _callees(at):
            if named in entries and at is not without:
                return True
            if named in ENTRIES or not _is_ours(named):
                continue
            waiting += [named] if inspect.isfunction(named) else [m for m in vars(named).values() if inspect.isfunction(m)]
    return False


@pytest.mark.parametrize("door", CHANGING, ids=str)
def test_a_changing_door_leads_to_an_audit_entry(door: Door) -> None:
    if str(door) in UNAUDITED:
        pytest.skip(UNAUDITED[str(door)])
    assert leads_to_entry(door.endpoint), f"{door}: {door.endpoint.__module__}.{door.endpoint.__name__} never reaches audit.record"


def _verbs(door: Door) -> list[Callable[..., Any]]:
    """The verbs of the door: what its handler, or a function beside it, calls in a room of actions."""
    seen, waiting, verbs = set(), [door.endpoint], []
    while waiting:
        at = waiting.pop()
        if at in seen:
            continue
        seen.add(at)
        for named in _callees(at):
            if inspect.iscoroutinefunction(named) and ".actions" in named.__module__:
                verbs.append(named)
            elif inspect.isfunction(named) and named.__module__ == door.endpoint.__module__:
                waiting.append(named)
    return verbs


VERBS = {f"{verb.__module__}.{verb.__qualname__}": verb for door in CHANGING if str(door) not in UNAUDITED for verb in _verbs(door)}


@pytest.mark.parametrize("name", VERBS)
def test_a_verb_leads_to_an_audit_entry(name: str) -> None:
    """Each verb by itself: one that writes an entry does not cover for another of the same door."""
    assert leads_to_entry(VERBS[name], RECORDS), (
        f"{name} changes something and never reaches audit.record: write its entry in its transaction"
    )


def _writers() -> set[Callable[..., Any]]:
    """Functions that write an entry themselves and that some verb reaches."""
    seen: set[Any] = set()
    waiting = list(VERBS.values())
    while waiting:
        at = waiting.pop()
        if at not in seen:
            seen.add(at)
            waiting += [named for named in _callees(at) if _is_ours(named) and inspect.isfunction(named)]
    return {function for function in seen if any(named in RECORDS for named in _callees(function))} - set(ENTRIES)


def test_a_removed_entry_is_noticed() -> None:
    """Each function that writes an entry, in turn, as if somebody had taken its entries away: some verb must fail for it."""
    unnoticed = [
        f"{writer.__module__}.{writer.__qualname__}"
        for writer in _writers()
        if all(leads_to_entry(verb, RECORDS, writer) for verb in VERBS.values())
    ]
    assert set(unnoticed) <= COVERED_ELSEWHERE, f"nobody would notice if these lost their entries: {unnoticed}"
    assert len(_writers()) >= 20, "the walk finds fewer verbs than there were: it no longer reads the code"


COVERED_ELSEWHERE: set[str] = set()
"""Functions whose entry a second one of the same verb hides from this walk; the witness sees the difference. May only shrink."""


def test_following_calls_tells_a_door_without_entry() -> None:
    from bluelamp.app.health import read_health  # noqa: PLC0415
    from bluelamp.spine.identity.routes import read_me  # noqa: PLC0415

    assert not leads_to_entry(read_me)
    assert not leads_to_entry(read_health)


def test_the_exceptions_exist() -> None:
    assert UNAUDITED.keys() <= {str(door) for door in CHANGING}
