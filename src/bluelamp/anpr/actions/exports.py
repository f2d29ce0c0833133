"""Making an export of what a search found, and handing out its files: both are disclosures, and leave entries."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import UTC, datetime
from typing import Literal

from bluelamp.anpr.access import EXPORTS_MAKE
from bluelamp.anpr.errors import ExportTooLargeError, NoSuchExportError, NoSuchSearchError
from bluelamp.anpr.queries import history, preservation, searches
from bluelamp.anpr.queries.lawful import Ruling
from bluelamp.anpr.queries.shown import gaps_of
from bluelamp.anpr.searching.exports.document import to_pdf
from bluelamp.anpr.searching.exports.sheet import Sheet
from bluelamp.anpr.searching.exports.tables import to_csv, to_geojson, to_manifest
from bluelamp.anpr.settings import history_settings
from bluelamp.anpr.store import exports as store
from bluelamp.anpr.store.exports import Export, blob_key
from bluelamp.anpr.store.searches import Search
from bluelamp.kit.clock import to_rfc3339
from bluelamp.kit.ids import new_id
from bluelamp.spine import audit
from bluelamp.spine.blobs import BlobMissingError
from bluelamp.spine.deciding import demand, facts_of
from bluelamp.spine.http import Caller
from bluelamp.spine.module import Spine

Format = Literal["csv", "geojson", "pdf"]
_MAKERS = {"csv": to_csv, "geojson": to_geojson, "pdf": to_pdf}
MEDIA_TYPES = {"csv": "text/csv; charset=utf-8", "geojson": "application/geo+json", "pdf": "application/pdf", "json": "application/json"}
MANIFEST = "manifest.json"


async def make_export(spine: Spine, caller: Caller, search: str, output: Format) -> Export:
    """Look everything up again, write the files, and note the disclosure with the count and the digests.

    Raises:
        NoSuchSearchError: none that the caller may see.
        ExportTooLargeError: more reads than one export may hold; none is made.
    """
    opened, ruling = await searches.ruled(spine, caller, search, EXPORTS_MAKE)
    intent = await searches.intend(spine, caller.actor, opened, "anpr.exports.gather", ruling)
    sheet = await searches.recorded(spine, intent, lambda: _gather(spine, caller, opened, ruling, output), lambda sheet: len(sheet.items))
    name = f"reads.{output}"
    content = await asyncio.to_thread(_MAKERS[output], sheet)
    files = {name: content, MANIFEST: to_manifest(sheet, {name: content})}
    created_at = datetime.fromtimestamp(spine.clock() / 1000, UTC)
    for file, data in files.items():
        await spine.blobs.vault.put(store.key_group(created_at), blob_key(sheet.export, file), data)
    described = [{"name": file, "sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)} for file, data in files.items()]
    made = Export(sheet.export, search, caller.id, created_at, output, len(sheet.items), opened.why, described)
    async with spine.db.transaction() as connection:
        await store.add_export(connection, made, caller.actor)
        await audit.record(
            connection, caller.actor, "disclosure", "anpr.exports.make", subjects=opened.criteria.subjects, why=opened.why,
            detail={"search": search, "export": made.id, "format": output, "count": made.reads, "files": described},
        )  # fmt: skip
    return made


async def _gather(spine: Spine, caller: Caller, search: Search, ruling: Ruling, output: Format) -> Sheet:
    limits = history_settings()
    most = limits.export_pdf_reads_max if output == "pdf" else limits.export_reads_max
    found, more = await history.find_all(spine, ruling.lawful, ruling.criteria, most)
    kept = await preservation.preserved(spine, caller, ruling.criteria, search.why)
    found = preservation.merged(found, kept, ruling.criteria, None, most + 1)
    if more or len(found) > most:
        raise ExportTooLargeError(
            f"the search finds more than the {most} reads of one {output} export: narrow it, or export it in parts", reads_max=most
        )
    items = await preservation.shown(spine, ruling.lawful, found, kept, search.id)
    gaps, gaps_more = await gaps_of(spine, ruling.criteria, ruling.lawful)
    return Sheet(
        export=new_id(),
        search=search.id,
        made_at=to_rfc3339(spine.clock()),
        made_by=f"{caller.name} ({caller.username})",
        agency=caller.agency_name or caller.agency,
        purpose=search.why.purpose,
        reference=search.why.reference,
        criteria=[*ruling.criteria.in_words(), *([("Narrowed", ruling.narrowed.why)] if ruling.narrowed else [])],
        items=[item.model_dump(by_alias=True) for item in items],
        gaps=[gap.model_dump(by_alias=True) for gap in gaps],
        gaps_more=gaps_more,
    )


async def _still_lawful(spine: Spine, caller: Caller, made: Export) -> None:
    """Decides again, on what is so now: an authority that ended hands out nothing more."""
    try:
        await searches.ruled(spine, caller, made.search, EXPORTS_MAKE)
    except NoSuchSearchError:  # shared no longer: what was exported lawfully stays its maker's, for the same purpose
        await demand(spine, caller, facts_of(caller, EXPORTS_MAKE, purpose=made.why.purpose), why=made.why)


async def hand_out(spine: Spine, caller: Caller, export: str, name: str) -> tuple[bytes, str]:
    """A file of one's own export and its media type.

    Raises:
        NoSuchExportError: none of this person's, or no such file in it.
    """
    made = await store.own_export(spine.db, export, caller.id)
    if made is None or all(file["name"] != name for file in made.files):
        raise NoSuchExportError("there is no such export, or it has no such file")
    await _still_lawful(spine, caller, made)
    try:
        content = await spine.blobs.vault.get(store.key_group(made.created_at), blob_key(export, name))
    except BlobMissingError:
        raise NoSuchExportError("the file has been deleted: exports are kept as long as the reads in them") from None
    async with spine.db.transaction() as connection:
        await audit.record(
            connection, caller.actor, "disclosure", "anpr.exports.download", why=made.why,
            detail={"export": export, "search": made.search, "name": name, "count": made.reads},
        )  # fmt: skip
    return content, MEDIA_TYPES[name.rsplit(".", 1)[-1]]
