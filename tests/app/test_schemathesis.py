"""Every documented operation, with what its description allows and what it forbids: never a 500, always the documented shape.

Schemathesis makes the requests; they go to the running platform once as somebody who may do everything, once as nobody.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from bluelamp.app.http import create_app
from bluelamp.spine.config import PlatformSettings
from bluelamp.spine.identity import actions, store
from bluelamp.spine.policy import ROLES
from tests.support.platform import RunningPlatform


def without_tuples(schema: Any) -> Any:
    """The document with tuples as arrays of any of their members: Schemathesis 4.32 validates answers with tuples wrongly."""
    if isinstance(schema, list):
        return [without_tuples(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {name: without_tuples(part) for name, part in schema.items() if name != "prefixItems"}
    return plain | {"items": {"anyOf": without_tuples(schema["prefixItems"])}} if "prefixItems" in schema else plain


SCHEMA = schemathesis.openapi.from_dict(without_tuples(create_app(PlatformSettings()).openapi()))
ENDLESS = {"GET /v1/stream", "GET /v1/live/events"}
"""Answers that never end are tested where their module is."""
OPERATIONS = {
    label: operation
    for operation in (result.ok() for result in SCHEMA.get_all_operations())
    if (label := f"{operation.method.upper()} {operation.path}") not in ENDLESS
}
CHECKS = [not_a_server_error, response_schema_conformance, content_type_conformance]
EXAMPLES = 8


@pytest.fixture(scope="module")
async def everything(platform: RunningPlatform) -> AsyncIterator[str]:
    """Id of somebody who holds every role, of an agency of their own so that nobody else's things are changed."""
    db = platform.spine.db
    async with db.transaction() as connection:
        await connection.execute("INSERT INTO agencies (code, name) VALUES ('FUZZ', 'Fuzz Police') ON CONFLICT DO NOTHING")
        user_id = await actions.create_user(connection, actions.PLATFORM, "t-everything", "Eve Rything", "FUZZ", frozenset(ROLES))
    yield user_id
    # Guesses of passwords from this address must not slow the tests after these.
    await db.execute("DELETE FROM sign_in_failures")


def ask_often(operation: Any, mode: GenerationMode, url: str, headers: dict[str, str]) -> list[int]:
    """Many requests to one operation, in this thread; returns the statuses seen."""
    statuses: list[int] = []

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(max_examples=EXAMPLES, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    def ask(case: Any) -> None:
        answer = case.call(base_url=url, headers=headers, timeout=30)
        statuses.append(answer.status_code)
        case.validate_response(answer, checks=CHECKS, headers=headers)

    try:
        ask()
    except Unsatisfiable:
        assert mode is GenerationMode.NEGATIVE, "nothing can be made that the description allows"
    return statuses


@pytest.mark.parametrize("label", OPERATIONS)
async def test_somebody_who_may_do_everything_never_meets_a_500(platform: RunningPlatform, everything: str, label: str) -> None:
    async with platform.spine.db.transaction() as connection:
        restored = "UPDATE users SET active = true, roles = $2, one_time_until = NULL WHERE id = $1"
        await connection.execute(restored, everything, list(ROLES))
        _, token = await store.open_session(connection, everything, "token", "fuzz", timedelta(hours=1))
    headers = {"Authorization": f"Bearer {token}"}
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
        await asyncio.to_thread(ask_often, OPERATIONS[label], mode, platform.url, headers)


@pytest.mark.parametrize("label", [label for label, operation in OPERATIONS.items() if operation.definition.raw.get("security")])
async def test_nobody_gets_in(platform: RunningPlatform, label: str) -> None:
    statuses = await asyncio.to_thread(ask_often, OPERATIONS[label], GenerationMode.POSITIVE, platform.url, {})
    assert set(statuses) == {401}
