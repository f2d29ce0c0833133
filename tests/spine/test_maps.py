"""The installation's map: its style, its files and parts of them; nothing else from the disk."""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.platform import RunningPlatform

STYLE = {"version": 8, "sources": {"roads": {"type": "vector", "url": "pmtiles://roads.pmtiles"}}, "layers": []}


@pytest.fixture
def folder(platform: RunningPlatform) -> Iterator[Path]:
    made = platform.spine.settings.data / "map"
    made.mkdir(exist_ok=True)
    yield made
    shutil.rmtree(made)


async def test_without_a_map_there_is_nothing_to_draw_over(platform: RunningPlatform) -> None:
    assert (await platform.client("officer").get("/v1/map/style")).status_code == 204


async def test_the_style_and_the_dark_one_where_there_is_another(platform: RunningPlatform, folder: Path) -> None:
    (folder / "style.json").write_text(json.dumps(STYLE))
    client = platform.client("officer")
    assert (await client.get("/v1/map/style")).json() == STYLE
    assert (await client.get("/v1/map/style", params={"dark": True})).json() == STYLE
    (folder / "style-dark.json").write_text(json.dumps(STYLE | {"name": "night"}))
    assert (await client.get("/v1/map/style", params={"dark": True})).json()["name"] == "night"


@pytest.mark.parametrize(
    ("written", "word"),
    [("{", "not JSON"), ("[]", '"version": 8'), ('{"version": 7}', '"version": 8'), ('{"version": 8, "layers": {}}', "`sources`")],
)
async def test_a_style_that_no_page_could_draw_says_what_to_mend(platform: RunningPlatform, folder: Path, written: str, word: str) -> None:
    (folder / "style.json").write_text(written)
    answer = await platform.client("officer").get("/v1/map/style")
    assert (answer.status_code, answer.json()["code"]) == (500, "map_unreadable")
    assert str(folder) not in answer.text  # where files lie is nobody else's
    assert word in answer.json()["detail"]


async def test_parts_of_a_file_are_what_a_page_asks_for(platform: RunningPlatform, folder: Path) -> None:
    (folder / "roads.pmtiles").write_bytes(bytes(range(256)))
    answer = await platform.client("officer").get("/v1/map/files/roads.pmtiles", headers={"Range": "bytes=10-13"})
    assert (answer.status_code, answer.content, answer.headers["content-range"]) == (206, bytes([10, 11, 12, 13]), "bytes 10-13/256")


async def test_a_squeezed_file_goes_to_who_takes_it(platform: RunningPlatform, folder: Path) -> None:
    (folder / "roads.geojson").write_text("{}")
    (folder / "roads.geojson.gz").write_bytes(gzip.compress(b"{}"))
    client = platform.client("officer")
    plain = await client.get("/v1/map/files/roads.geojson", headers={"Accept-Encoding": "identity"})
    squeezed = await client.get("/v1/map/files/roads.geojson", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in plain.headers
    assert squeezed.headers["content-encoding"] == "gzip"
    assert plain.json() == squeezed.json() == {}


@pytest.mark.parametrize("name", ["../blobs", "..%2F..%2Fkeys.json", "%2Fetc%2Fpasswd", "notes.txt", "missing.json", "", "a%00.json"])
async def test_nothing_else_from_the_disk_is_handed_out(platform: RunningPlatform, folder: Path, name: str) -> None:
    (folder / "notes.txt").write_text("where the spare key lies")
    (folder.parent / "keys.json").write_text("{}")
    (folder / "link.json").symlink_to(folder.parent / "keys.json")
    for asked in (name, "link.json"):
        assert (await platform.client("officer").get(f"/v1/map/files/{asked}")).status_code == 404


async def test_it_is_for_people_of_the_platform(platform: RunningPlatform, folder: Path) -> None:
    (folder / "style.json").write_text(json.dumps(STYLE))
    async with platform.browser() as stranger:
        assert (await stranger.get("/v1/map/style")).status_code == 401
        assert (await stranger.get("/v1/map/files/style.json")).status_code == 401
