"""The matcher's view of the lists: from the tables, from its file, and what changed since."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from bluelamp.anpr.consumers.voi import Voi
from bluelamp.anpr.matching import snapshot
from bluelamp.anpr.matching.settings import MatchingSettings
from bluelamp.kit.ids import new_id
from bluelamp.kit.vrm import DEFAULT, decode_codes, encode_bytes
from bluelamp.spine.module import Spine
from tests.support.platform import RunningPlatform

KEPT = MatchingSettings(snapshot_entries_min=0)
NEVER_KEPT = MatchingSettings(snapshot_entries_min=1 << 40)


def beside(platform: RunningPlatform, folder: Path) -> Spine:
    """The same engines, another data folder."""
    settings = platform.spine.settings.model_copy(update={"data": folder})
    return dataclasses.replace(platform.spine, settings=settings)


def holds(voi: Voi, mark: str) -> bool:
    codes = encode_bytes(np.array([mark], "S12"))
    found = voi.matcher.layers.probe(DEFAULT.canonical_codes(codes))
    return mark.encode() in decode_codes(found.codes).tolist()


async def listed(platform: RunningPlatform, *marks: str) -> dict[str, str]:
    """Entries on a new list: the id of each mark's."""
    supervisor = platform.client("supervisor")
    voi = (await supervisor.post("/v1/anpr/lists", json={"name": f"list {new_id()}"})).json()
    url = f"/v1/anpr/lists/{voi['id']}/entries"
    return {mark: (await supervisor.post(url, json={"vrm": mark})).json()["id"] for mark in marks}


async def test_built_from_the_tables_then_from_the_file_then_what_changed_since(platform: RunningPlatform, tmp_path: Path) -> None:
    spine = beside(platform, tmp_path)
    entries = await listed(platform, "VJ61AAC", "VJ61AAE")
    first = Voi(spine, KEPT)
    await first.load()
    assert holds(first, "VJ61AAC")
    assert first.snapshot_path.exists()
    await platform.client("supervisor").delete(f"/v1/anpr/entries/{entries['VJ61AAC']}")
    await listed(platform, "VJ61AAF")
    second = Voi(spine, NEVER_KEPT)
    await second.load()
    assert second.matcher.layers.overlay is not None, "it was not loaded from the file"
    assert [holds(second, mark) for mark in ("VJ61AAC", "VJ61AAE", "VJ61AAF")] == [False, True, True]
    assert second.revision == await platform.spine.db.fetchval("SELECT value FROM voi_revision")


async def test_a_file_ahead_of_the_database_or_damaged_is_not_used(platform: RunningPlatform, tmp_path: Path) -> None:
    spine = beside(platform, tmp_path)
    await listed(platform, "VJ61AAH")
    first = Voi(spine, KEPT)
    await first.load()
    empty = Voi(spine, KEPT).matcher.layers.base
    snapshot.write(first.snapshot_path, empty, first.revision + 1_000_000)
    restored = Voi(spine, NEVER_KEPT)
    await restored.load()
    assert holds(restored, "VJ61AAH")
    first.snapshot_path.write_bytes(b"not a snapshot")
    mended = Voi(spine, NEVER_KEPT)
    await mended.load()
    assert holds(mended, "VJ61AAH")


async def test_an_unknown_camera_is_asked_for_once(platform: RunningPlatform, tmp_path: Path) -> None:
    voi = Voi(beside(platform, tmp_path), NEVER_KEPT)
    assert (await voi.camera(2_000_000_000)).name == "camera 2000000000"
    assert await voi.camera(2_000_000_000) is await voi.camera(2_000_000_000)
