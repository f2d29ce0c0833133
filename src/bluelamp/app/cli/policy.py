"""`bluelamp policy`: what policy says to somebody, and whether the policies can be used."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from bluelamp.accountability.access import POLICY_EXPLAIN
from bluelamp.accountability.explaining.answers import explained, in_words
from bluelamp.accountability.explaining.matrix import cells, page
from bluelamp.app.wiring import policy_of
from bluelamp.spine import audit
from bluelamp.spine.commands import CommandLine
from bluelamp.spine.deciding import facts_of
from bluelamp.spine.errors import InvalidError
from bluelamp.spine.identity.standing import person_now
from bluelamp.spine.module import Spine
from bluelamp.spine.policy import ROLES, Facts
from bluelamp.spine.policy.facts import AUTHORITIES, MARKINGS, RELATIONS

TERMINAL = audit.Actor("terminal", "command line", "")


@click.group("policy")
def policy() -> None:
    """What people may do, why, and what would make it lawful."""


@policy.command("explain")
@click.option("--person", default="", help="Username: the roles, rank and unit of this person now. Needs the running platform.")
@click.option("--role", "roles", multiple=True, type=click.Choice(ROLES), help="Instead of a person: a role; may be repeated.")
@click.option("--rank", default="", help="Instead of a person: a rank.")
@click.option("--action", default="anpr.searches.run", show_default=True, help="What is to be done.")
@click.option("--age", "age_days", type=click.IntRange(0, 36_500), default=0, show_default=True, help="Age of the oldest data, in days.")
@click.option("--purpose", default="", help="Code of the purpose that is stated.")
@click.option("--authority", type=click.Choice(AUTHORITIES), default="none", show_default=True)
@click.option("--relation", type=click.Choice(RELATIONS), default="national", show_default=True, help="Whose data it is.")
@click.option("--marking", type=click.Choice(MARKINGS), default="OFFICIAL", show_default=True)
@click.pass_obj
def explain(platform: CommandLine, /, person: str, roles: tuple[str, ...], rank: str, **asked: Any) -> None:
    """Say whether policy allows something, why, and what would make it lawful. Nothing is looked at."""
    if bool(person) == bool(roles):
        raise click.UsageError("name a --person, or one --role or more")
    if roles:
        facts = Facts(roles=frozenset(roles), rank=rank.strip().casefold(), **asked)
        platform.emit(explained(policy_of(settings=platform.settings()), facts), in_words)
        return

    async def work(spine: Spine) -> dict[str, Any]:
        about = await person_now(spine, username=person.strip().lower())
        if about is None:
            raise InvalidError(f"there is nobody with the username {person[:64]!r} in a post now")
        async with spine.db.transaction() as connection:
            await audit.record(connection, TERMINAL, "consultation", POLICY_EXPLAIN, subjects=(about.id,), detail=dict(asked))
        return explained(spine.policy, facts_of(about, **asked))

    platform.emit(platform.run(work), in_words)


@policy.command("check")
@click.argument("folder", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.pass_obj
def check(platform: CommandLine, folder: Path | None) -> None:
    """Read all policies, with those of FOLDER or of the setting `policies_folder`, and say whether they can be used."""
    settings = platform.settings(policies_folder=folder)
    try:
        rules = policy_of(settings=settings).rules
    except ValueError as error:
        raise click.ClickException(str(error)) from error
    found = [{"id": r.id, "effect": r.effect, "because": r.because, "file": r.file} for r in rules.rules.values()]
    answer = {"policies": found, "tiers": [tier._asdict() for tier in rules.tiers], "authority_rank": rules.terms.authority_rank}
    platform.emit(answer, lambda told: [*(f"{p['effect']:6}  {p['id']:36}  {p['because']}" for p in told["policies"]),
                                        f"{len(told['policies'])} policies can be used."])  # fmt: skip


@policy.command("matrix")
@click.argument("file", required=False, type=click.Path(dir_okay=False, writable=True, path_type=Path))
@click.pass_obj
def matrix(platform: CommandLine, file: Path | None) -> None:
    """Write who may do what, of what age and of whose, as policy, purposes and tiers are configured here (Markdown, or --json)."""
    asked = policy_of(settings=platform.settings())
    squares = list(cells(asked))
    if file:
        file.write_text(page(asked, squares), "utf-8")
        return
    platform.emit({"cells": [cell._asdict() for cell in squares]}, lambda _: [page(asked, squares)])
