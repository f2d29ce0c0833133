"""Places with the deployer's data: imported, found, and told where not."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from pydantic import SecretStr

from bluelamp.incidents.places.commands import places
from bluelamp.incidents.places.imports import import_places
from bluelamp.incidents.places.queries import resolve
from bluelamp.incidents.places.settings import PlaceSettings
from bluelamp.incidents.positions.errors import PlacesFileError
from bluelamp.kit.geo import Form, Point, distance_m
from bluelamp.spine.audit import Actor
from tests.incidents.conftest import IncidentRoom
from tests.support.platform import RunningPlatform

ACTOR = Actor("test", "test", "")

POSTCODES = """\ufeffpostcode,latitude,longitude
ZZ9 1AA,54.3280,-2.7463
zz91ab,54.3290,-2.7473
nonsense,54,-2
ZZ9 1AC,,
ZZ9 1AD,154,-2
"""
POSTS = """Road,Marker,Carriageway,Easting,Northing
Z9,1/1,A,0,0
M96,172/4,A,351700,492800
M96,172/4,B,351730,492810
M96,172/5,A,351700,492900
M96,173/0,A,351700,493400
M96,173/0,B,361700,493400
M96,J36,,352000,493000
M96,J36A,,x,493000
"""


@pytest.fixture(scope="module")
async def loaded(platform: RunningPlatform) -> None:
    spine = platform.spine
    done = await import_places(spine.db, ACTOR, "postcodes", POSTCODES.splitlines(keepends=True))
    assert (done.added, done.moved, [row["line"] for row in done.rejected]) == (2, 0, [4, 5, 6])
    done = await import_places(spine.db, ACTOR, "marker-posts", POSTS.splitlines(keepends=True))
    assert (done.added, [row["line"] for row in done.rejected]) == (6, [2, 9])
    again = await import_places(spine.db, ACTOR, "postcodes", POSTCODES.splitlines(keepends=True))
    assert (again.added, again.moved, again.rejected_total) == (0, 2, 3)


async def found(room: IncidentRoom, said: str) -> dict:
    return dict(await room.ask("control", "GET", "/places", params={"q": said}))


async def test_a_postcode_is_found(room: IncidentRoom, loaded: None) -> None:
    place = await found(room, "zz91aa")
    assert (place["form"], place["key"], place["placed"], place["latitude"]) == ("postcode", "ZZ9 1AA", True, 54.328)
    assert place["shown"]["grid_reference"].startswith("SD 51")
    missing = await found(room, "ZZ9 9ZZ")
    assert not missing["placed"]
    assert "not in the data" in missing["why"]


async def test_a_marker_post_with_and_without_its_carriageway(room: IncidentRoom, loaded: None) -> None:
    a, b, both = [await found(room, said) for said in ("M96 172/4 A", "M96 B 172.4", "m96 172/4")]
    assert a["placed"]
    assert b["placed"]
    points = [Point(place["latitude"], place["longitude"]) for place in (a, b, both)]
    assert distance_m(points[0], points[1]) == pytest.approx(31.6, abs=1)
    assert distance_m(points[0], points[2]) == pytest.approx(15.8, abs=1)
    assert both["within_m"] > a["within_m"]
    far = await found(room, "M96 173/0")
    assert not far["placed"]
    assert "say the carriageway" in far["why"]
    assert (await found(room, "M96 173/0 B"))["placed"]
    assert (await found(room, "M96 172/5"))["placed"]
    assert (await found(room, "M96 junction 36"))["form"] == "junction"
    assert "not in the data" in (await found(room, "M96 999/9"))["why"]


async def test_what_needs_no_data_and_what_is_only_words(room: IncidentRoom) -> None:
    place = await found(room, "SD 517 928")
    assert place["shown"]["grid_reference"] == "SD 517 928"
    assert place["placed"]
    words = await found(room, "behind the mill")
    assert (words["form"], words["placed"], words["said"]) == ("text", False, "behind the mill")
    await room.ask("control", "GET", "/places", 422, params={"q": ""})


async def test_a_file_of_another_kind_says_what_is_missing(room: IncidentRoom) -> None:
    with pytest.raises(PlacesFileError, match="marker"):
        await import_places(room.platform.spine.db, ACTOR, "marker-posts", ["road,latitude,longitude\n"])
    with pytest.raises(PlacesFileError, match="latitude and longitude"):
        await import_places(room.platform.spine.db, ACTOR, "postcodes", ["postcode\n"])
    with pytest.raises(PlacesFileError, match="postcode"):
        await import_places(room.platform.spine.db, ACTOR, "postcodes", [])


@asynccontextmanager
async def words_service(answer: bytes) -> AsyncIterator[tuple[str, list[bytes]]]:
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%b" % (len(answer), answer))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    try:
        yield f"http://{host}:{port}/convert", asked
    finally:
        server.close()


@pytest.mark.parametrize(
    ("answer", "placed"),
    [
        (json.dumps({"coordinates": {"lat": 54.3, "lng": -2.7}}).encode(), True),
        (b'{"error": {"code": "BadWords"}}', False),
        (b"<html>", False),
    ],
)
async def test_three_words_with_the_deployers_service(
    room: IncidentRoom, monkeypatch: pytest.MonkeyPatch, answer: bytes, placed: bool
) -> None:
    async with words_service(answer) as (url, asked):
        settings = PlaceSettings(words_url=url, words_key=SecretStr("the key"))
        monkeypatch.setattr("bluelamp.incidents.places.queries.place_settings", lambda: settings)
        place = await resolve(room.platform.spine.db, "///one.two.three")
    assert (place.form, place.placed) == (Form.WORDS, placed)
    assert "confirm" in place.why if placed else "kept as said" in place.why
    assert b"GET /convert?words=one.two.three " in asked[0]
    assert b"the key" in asked[0]


async def test_the_command_imports_and_finds(room: IncidentRoom, tmp_path: Path) -> None:
    file = tmp_path / "postcodes.csv"
    file.write_text("pcds,lat,long\nZZ9 5XX,54.5,-2.5\n")

    class Line:
        """A command line whose engines are those of the test."""

        def run(self, work):
            return asyncio.run_coroutine_threadsafe(work(room.platform.spine), loop).result(20)

        def emit(self, answer, lines):
            click.echo("\n".join(lines(answer)))

    loop = asyncio.get_running_loop()

    def invoke(*words: str) -> str:
        done = CliRunner().invoke(places, words, obj=Line())
        assert done.exit_code == 0, done.output
        return done.output

    assert "1 places added" in await asyncio.to_thread(invoke, "import", "postcodes", str(file))
    assert "54.50000, -2.50000" in await asyncio.to_thread(invoke, "find", "zz9 5xx")
    assert "misheard" in await asyncio.to_thread(invoke, "find", "///one.two.three")
