"""`bluelamp verify`: proof that a backup is whole, and that the audit is what it was."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from bluelamp.app.cli.progress import progress
from bluelamp.app.engines.audit_proof import prove_audit
from bluelamp.app.engines.backup import run
from bluelamp.spine.commands import CommandLine

_TAKES_VALUE = "--data"


class _Verify(click.Group):
    """`bluelamp verify SOURCE` is about a backup, as it always was; `verify audit` about the audit."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        at = 0
        while at < len(args) and args[at].startswith("-"):
            at += 2 if args[at] == _TAKES_VALUE else 1
        if at < len(args) and args[at] not in self.commands:
            args = [*args[:at], "backup", *args[at:]]
        return super().parse_args(ctx, args)


@click.group("verify", cls=_Verify)
def verify() -> None:
    """Prove that a backup is whole (`verify SOURCE`) or that the audit is what it was (`verify audit`)."""


@verify.command("backup")
@click.argument("source", type=click.Path(path_type=Path, exists=True))
@click.pass_obj
def verify_backup(platform: CommandLine, source: Path) -> None:
    """Check the backup SOURCE: every part is there and is what was written. Ends with 1 if not."""
    with progress(quiet=platform.json) as bar:
        wrong = run.damages(source, bar)
    platform.emit({"whole": not wrong, "damaged": wrong}, lambda a: a["damaged"] or ["The backup is whole."])
    if wrong:
        sys.exit(1)


def _lines(answer: dict[str, Any]) -> Iterator[str]:
    yield f"Tree {answer['origin']}: {answer['size']} leaves, {answer['entries']} entries, {answer['outcomes']} outcomes."
    yield f"Root {answer['root'] or 'cannot be told'}"
    signed = (
        f"{answer['checkpoints']} check-points; they sign leaves 0 to {answer['covered'] - 1}" if answer["covered"] else "No check-point"
    )
    yield f"{signed}, the last of {answer['last_checkpoint_at'] or 'never'}. {answer['waiting']} entries wait for their place."
    yield from (f"Key {key}" for key in answer["keys"])
    yield from (f"Note: {note}." for note in answer["notes"])
    if answer["whole"]:
        yield f"Nothing was changed, removed or put in. ({answer['seconds']} s)"
        return
    yield f"NOT WHOLE: {answer['findings_count']} findings. The first bad entry: {_told(answer['first_bad'])}"
    yield from (f"  {_told(found)}" for found in answer["findings"][:20])


def _told(found: dict[str, Any]) -> str:
    return f"[{found['code']}] {found['message']}"


@verify.command("audit")
@click.option("--database", default="", help="A PostgreSQL by URL, instead of a data folder.")
@click.option("--checkpoints", default="", help="Folder or URL of the second place [the setting, else the data folder's].")
@click.option("--key", default="", help="The public key that you know, or a file with it: then no other is believed first.")
@click.pass_obj
def verify_audit(platform: CommandLine, database: str, checkpoints: str, key: str) -> None:
    """Prove that no audit entry was changed, removed or put in, from the data alone; the platform may be stopped. Ends with 1 if not.

    On a copied data folder (--data) its PostgreSQL is started for the while; the copy is what may change, so never prove the only one.
    """
    pinned = Path(key).read_text().split()[0] if key and Path(key).is_file() else key
    with progress(quiet=platform.json) as bar:
        report = prove_audit(platform.settings(), database, checkpoints, pinned, bar)
    platform.emit(report.as_answer(), _lines)
    if not report.whole:
        sys.exit(1)
