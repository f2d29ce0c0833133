"""Travel times: from a routing service that answers, and without one."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from urllib.parse import parse_qs, urlsplit

import pytest

from bluelamp.incidents.positions.coverage import AreaTooFineError, coverage
from bluelamp.incidents.positions.nearest import Speeds, nearest, straight, travel_times
from bluelamp.incidents.positions.routing import OsrmRouting
from bluelamp.incidents.positions.settings import PositionSettings
from bluelamp.kit.geo import Point, distance_m

SPEEDS = Speeds(1.35, 60)
GOAL = Point(54.33, -2.74)
STARTS = [Point(54.40, -2.74), Point(54.34, -2.74), Point(54.36, -2.70)]

Answer = Callable[[str, dict[str, list[str]]], bytes | None]


def osrm(seconds: Callable[[int], float | None]) -> Answer:
    """Answers as OSRM does: a row for each source; it checks that it was asked as OSRM wants to be."""

    def answer(path: str, query: dict[str, list[str]]) -> bytes:
        assert path.startswith("/table/v1/driving/")
        places = [tuple(map(float, place.split(","))) for place in path.rsplit("/", 1)[1].split(";")]
        assert places[0] == (GOAL.longitude, GOAL.latitude)
        sources = [int(at) for at in query["sources"][0].split(";")]
        assert query["destinations"] == ["0"]
        assert query["annotations"] == ["duration,distance"]
        rows = [[seconds(at - 1)] for at in sources]
        distances = [[None if row[0] is None else row[0] * 15] for row in rows]
        return json.dumps({"code": "Ok", "durations": rows, "distances": distances, "sources": [], "destinations": []}).encode()

    return answer


@asynccontextmanager
async def serving(answer: Answer) -> AsyncIterator[tuple[str, list[str]]]:
    """A small HTTP server; its address and the paths that it was asked for."""
    asked: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = (await reader.readline()).decode().split()
        while (await reader.readline()).strip():
            pass
        address = urlsplit(line[1])
        asked.append(address.path)
        body = answer(address.path, parse_qs(address.query))
        if body is None:
            await asyncio.sleep(5)
        else:
            writer.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body)
            )
            writer.write(body)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    try:
        yield f"http://{host}:{port}", asked
    finally:
        server.close()


async def test_without_a_service_the_straight_line_says_that_it_is_one():
    times = await travel_times(STARTS, GOAL, SPEEDS)
    assert [time.routed for time in times] == [False] * 3
    assert times[0].metres == pytest.approx(distance_m(STARTS[0], GOAL) * 1.35)
    assert times[0].seconds == pytest.approx(times[0].metres / (60 / 3.6))
    assert await travel_times([], GOAL, SPEEDS) == []


async def test_a_service_that_answers_knows_better():
    """The second is nearest by the straight line, and last by road."""
    async with serving(osrm(lambda at: [600.0, 900.0, 300.0][at])) as (url, _):
        routing = OsrmRouting(url, 2)
        times = await travel_times(STARTS, GOAL, SPEEDS, routing)
        ranked = await nearest(STARTS, GOAL, SPEEDS, routing, count=2)
        await routing.close()
    assert [(time.seconds, time.metres, time.routed) for time in times] == [(600, 9000, True), (900, 13500, True), (300, 4500, True)]
    assert [time.seconds for _, time in ranked] == sorted(time.seconds for _, time in ranked)
    assert [at for at, _ in await nearest(STARTS, GOAL, SPEEDS, count=3)] == [1, 2, 0]


async def test_a_start_off_the_roads_is_reckoned_alone():
    async with serving(osrm(lambda at: None if at == 1 else 60.0)) as (url, _):
        times = await travel_times(STARTS, GOAL, SPEEDS, OsrmRouting(url, 2))
    assert [time.routed for time in times] == [True, False, True]
    assert times[1] == straight(STARTS[1], GOAL, SPEEDS)


@pytest.mark.parametrize(
    "answer",
    [
        lambda *_: None,
        lambda *_: b"not json",
        lambda *_: b'{"code": "NoTable"}',
        lambda *_: b'{"code": "Ok", "durations": [[1]]}',
        lambda *_: b'{"code": "Ok", "durations": [["x"], [2], [3]]}',
    ],
    ids=["silent", "garbage", "refused", "short", "no number"],
)
async def test_a_service_that_fails_is_replaced_and_left_alone_for_a_while(answer):
    async with serving(answer) as (url, asked):
        routing = OsrmRouting(url, 0.3)
        for _ in range(3):
            times = await travel_times(STARTS, GOAL, SPEEDS, routing)
            assert [time.routed for time in times] == [False] * 3
        await routing.close()
    assert len(asked) == 1


async def test_nobody_listens():
    routing = OsrmRouting("http://127.0.0.1:9", 0.3)
    assert not (await travel_times(STARTS, GOAL, SPEEDS, routing))[0].routed


async def test_many_starts_are_asked_in_parts():
    starts = [Point(54.0 + at / 1000, -2.7) for at in range(250)]
    async with serving(osrm(lambda at: 10.0 + at)) as (url, asked):
        times = await travel_times(starts, GOAL, SPEEDS, OsrmRouting(url, 5))
        ranked = await nearest(starts, GOAL, SPEEDS, OsrmRouting(url, 5), count=5)
    assert [path.count(";") for path in asked[:3]] == [99, 99, 52]
    assert times[0].seconds == 10
    assert len(times) == 250
    assert len(ranked) == 5


def test_no_service_is_configured_by_default():
    assert OsrmRouting.of(PositionSettings(routing_url="")) is None
    assert OsrmRouting.of(PositionSettings(routing_url="http://osrm:5000")) is not None


SQUARE = [[Point(54.0, -3.0), Point(54.0, -2.8), Point(54.2, -2.8), Point(54.2, -3.0)]]


def test_coverage_grows_with_time_and_resources():
    one = [Point(54.1, -2.9)]
    shares = [coverage(SQUARE, one, minutes * 60, SPEEDS).share for minutes in (1, 5, 10, 60)]
    assert shares == sorted(shares)
    assert shares[0] < 0.05
    assert shares[-1] == 1.0
    assert coverage(SQUARE, [*one, Point(54.01, -2.81)], 300, SPEEDS).share > coverage(SQUARE, one, 300, SPEEDS).share
    none = coverage(SQUARE, [], 300, SPEEDS)
    assert (none.share, {cell.seconds for cell in none.cells}) == (0.0, {None})


def test_coverage_agrees_with_the_travel_time_of_the_soonest():
    resources = [Point(54.1, -2.9), Point(54.19, -2.81)]
    done = coverage(SQUARE, resources, 300, SPEEDS, cell_m=2000)
    for cell in done.cells:
        assert cell.seconds == pytest.approx(min(straight(r, cell.centre, SPEEDS).seconds for r in resources))
    area_cells = (distance_m(Point(54.0, -2.9), Point(54.2, -2.9)) / 2000) * (distance_m(Point(54.1, -3.0), Point(54.1, -2.8)) / 2000)
    assert len(done.cells) == pytest.approx(area_cells, rel=0.2)


def test_too_fine_a_question_says_what_would_do():
    with pytest.raises(AreaTooFineError, match="make them"):
        coverage(SQUARE, [], 300, SPEEDS, cell_m=50)
