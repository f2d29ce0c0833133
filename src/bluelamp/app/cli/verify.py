"""`bluelamp verify`: proof that a backup is whole, that the audit is what it was, that an incident's package is unchanged."""

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
    """`bluelamp verify SOURCE` is about a backup, as it always was; `verify audit` and `verify incident` are not."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        at = 0
        while at < len(args) and args[at].startswith("-"):
            at += 2 if args[at] == _TAKES_VALUE else 1
        if at < len(args) and args[at] not in self.commands:
            args = [*args[:at], "backup", *args[at:]]
        return super().parse_args(ctx, args)


@click.group("verify", cls=_Verify)
def verify() -> None:
    """Prove that a backup is whole (`verify SOURCE`), the audit what it was (`verify audit`), a package unchanged (`verify incident`)."""


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


def _package_lines(answer: dict[str, Any]) -> Iterator[str]:
    if answer["incident"]:
        yield f"Incident {answer['number']}, made {answer['made_at']} by {answer['made_by']}, as {answer['agency']} may see it."
    if answer["key"]:
        yield f"Signed by {answer['key']}" + (
            "." if answer["key_known"] else ", which the package itself names: compare it with one that you know."
        )
    if answer["valid"]:
        yield f"VALID: {answer['files']} files are what was signed."
        yield from (f"Left out: {one['what']} ({one['why']})" for one in answer["left_out"])
        return
    yield f"NOT VALID: {answer['bad']}: {answer['reason']}"


@verify.command("incident")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--key", default="", help="The platform's public key that you know, or a file with it: then no other is believed.")
@click.pass_obj
def verify_incident(platform: CommandLine, file: Path, key: str) -> None:
    """Check the package FILE of an incident: every file is what was signed. Needs no platform. Ends with 1 if not, and names the file."""
    from bluelamp.incidents.export.verifying import verify_package  # noqa: PLC0415 - only this command needs it
    from bluelamp.spine.audit.notes import VerifyKey  # noqa: PLC0415

    try:
        believed = VerifyKey.parse(Path(key).read_text().split()[0] if key and Path(key).is_file() else key) if key else None
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    verdict = verify_package(file, believed)
    made = verdict.manifest
    told = {name: getattr(made, name) if made else "" for name in ("incident", "number", "agency", "made_at", "made_by")}
    answer = {"valid": verdict.valid, "bad": verdict.bad, "reason": verdict.reason, "files": verdict.files, **told}
    answer |= {"key": str(verdict.signed.key) if verdict.signed else "", "key_known": believed is not None}
    platform.emit(answer | {"left_out": made.left_out if made else []}, _package_lines)
    if not verdict.valid:
        sys.exit(1)
