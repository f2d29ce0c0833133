"""Which check-points are believed: signatures, the chain of keys, and whether the second place has what the database has."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from bluelamp.spine.audit import notes
from bluelamp.spine.audit.checkpoints import KEYS, LATEST
from bluelamp.spine.audit.pieces import Finding
from bluelamp.spine.blobs import BlobMissingError, Blobs


class Signed(NamedTuple):
    """A check-point as it was found."""

    where: str
    note: str


@dataclass
class Chain:
    """The believed check-points, in order; the keys; and what is wrong with the rest."""

    checkpoints: list[notes.Checkpoint] = field(default_factory=list)
    believed: list[notes.VerifyKey] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


async def _place(url: str) -> tuple[list[Signed], list[str]]:
    """Everything in the second place: check-points, and published keys."""
    blobs = Blobs.open(url)
    paths = sorted(path for path in await blobs.keys("") if path.endswith(".checkpoint"))
    found = [Signed(path, (await blobs.get(path)).decode("utf-8", "replace")) for path in paths]
    try:
        keys = (await blobs.get(KEYS)).decode("utf-8", "replace").split("\n")
    except BlobMissingError:
        keys = []
    return found, [key for key in keys if key.strip()]


async def read_chain(origin: str, rows: list[Signed], published: list[str], delivered: int, place_url: str, pinned: str) -> Chain:
    """Read both copies of the check-points and decide what to believe."""
    chain = Chain()
    files, named = await _place(place_url)
    keys = _keys(chain, origin, [*published, *named])
    latest = {signed.note for signed in files if signed.where == LATEST}
    files = [signed for signed in files if signed.where != LATEST]
    parsed: dict[int, tuple[notes.Checkpoint, dict[bytes, bytes], str]] = {}
    for signed in [*files, *rows]:
        _add(chain, origin, parsed, signed)
    _believe(chain, [parsed[number] for number in sorted(parsed)], keys, pinned)
    in_rows = {said.number for signed in rows if (said := _said(signed))}
    in_files = {said.number for signed in files if (said := _said(signed))}
    _compare_places(chain, in_rows, in_files, delivered)
    if any(note not in {signed.note for signed in [*files, *rows]} for note in latest):
        chain.findings.append(Finding("checkpoint_forged", f"{LATEST} is not one of the check-points"))
    return chain


def _said(signed: Signed) -> notes.Checkpoint | None:
    try:
        return notes.parse(signed.note)[0]
    except ValueError:
        return None


def _keys(chain: Chain, origin: str, texts: Iterable[str]) -> list[notes.VerifyKey]:
    found: list[notes.VerifyKey] = []
    for text in dict.fromkeys(texts):
        try:
            key = notes.VerifyKey.parse(text)
        except ValueError:
            chain.findings.append(Finding("key_unreadable", f"not a public key: {text[:80]!r}"))
            continue
        if key.name == origin:
            found.append(key)
    return found


def _add(chain: Chain, origin: str, parsed: dict[int, tuple[notes.Checkpoint, dict[bytes, bytes], str]], signed: Signed) -> None:
    try:
        said, signatures = notes.parse(signed.note)
    except ValueError:
        chain.findings.append(Finding("checkpoint_forged", f"{signed.where} is not a check-point"))
        return
    if said.origin != origin:
        chain.findings.append(Finding("checkpoint_forged", f"{signed.where} is of another tree, {said.origin}", checkpoint=said.number))
        return
    other = parsed.get(said.number)
    if other is not None and other[0] != said:
        message = f"check-point {said.number} is there with two contents: {signed.where} and {other[2]}"
        chain.findings.append(Finding("checkpoint_forged", message, checkpoint=said.number))
        return
    parsed.setdefault(said.number, (said, signatures, signed.where))


def _believe(chain: Chain, found: list[tuple[notes.Checkpoint, dict[bytes, bytes], str]], keys: list[notes.VerifyKey], pinned: str) -> None:
    """A new key is believed once a check-point carries its signature beside that of a key that is believed."""
    if pinned:
        chain.believed = [notes.VerifyKey.parse(pinned)]
    elif found:
        said, signatures, _ = found[0]
        chain.believed = [key for key in keys if notes.signed_by(said, signatures, key)][:1]
        chain.notes += [f"no key was given: the first check-point's was believed, {key}" for key in chain.believed]
    last: notes.Checkpoint | None = None
    for said, signatures, where in found:
        if not any(notes.signed_by(said, signatures, key) for key in chain.believed):
            chain.findings.append(Finding("checkpoint_forged", f"{where} bears no signature of a known key", checkpoint=said.number))
            continue
        chain.believed += [key for key in keys if key not in chain.believed and notes.signed_by(said, signatures, key)]
        if last is not None and (said.size < last.size or said.at < last.at or said.number != last.number + 1):
            gap = said.number - last.number - 1
            message = (
                f"{gap} check-points between {last.number} and {said.number} are gone" if gap > 0 else f"{where} contradicts the one before"
            )
            chain.findings.append(Finding("checkpoint_missing" if gap > 0 else "checkpoint_forged", message, checkpoint=last.number + 1))
        elif last is None and said.number != 1:
            chain.findings.append(Finding("checkpoint_missing", f"the check-points before {said.number} are gone", checkpoint=1))
        last = said
        chain.checkpoints.append(said)


def _compare_places(chain: Chain, in_rows: set[int], in_files: set[int], delivered: int) -> None:
    if not in_rows and not in_files:
        chain.findings.append(Finding("checkpoint_missing", "there is no check-point at all: nothing can be proven", checkpoint=1))
        return
    late = {number for number in in_rows - in_files if number > max(in_files, default=0) and number > delivered}
    gone = in_rows - in_files - late
    if gone:
        message = f"{len(gone)} check-points are gone from the second place, the first is number {min(gone)}"
        chain.findings.append(Finding("checkpoint_missing", message, checkpoint=min(gone)))
    if late:
        chain.notes.append(f"{len(late)} check-points had not reached the second place when the platform stopped")
    if removed := in_files - in_rows:
        message = f"{len(removed)} check-points of the second place are gone from the database, the first is number {min(removed)}"
        chain.findings.append(Finding("checkpoint_missing", message, checkpoint=min(removed)))
