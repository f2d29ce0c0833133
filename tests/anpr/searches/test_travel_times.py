"""Travel times learnt from reads: robust, bounded, and calibrated on the Bath survey of 2017."""

from __future__ import annotations

import csv
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from bluelamp.anpr.domain import Read
from bluelamp.anpr.searching.journeys import KMH_MAX, QUANTILE, least_seconds, metres_between, steps
from bluelamp.anpr.store import travel_times
from bluelamp.anpr.store.travel_times import TravelTime
from bluelamp.kit.clock import now_ms

from .conftest import History, plate

SURVEY = Path(__file__).parents[4] / "shared" / "data" / "bath-anpr-2017"
TOWN = {1: (-2.36, 51.38), 2: (-2.33, 51.38)}


def _read(camera: int, at_s: float) -> Read:
    return Read(
        camera=camera, captured_at=int(at_s * 1000), vrm="AB12CDE", seen_as="", confidence=0.9, direction="", lane=0, make="", model="",
        colour="", vehicle_class="",
    )  # fmt: skip


def test_what_is_learnt_sharpens_suspicion_and_never_dulls_it() -> None:
    quick = [_read(1, 0), _read(2, 90)]
    [leg] = steps(quick, TOWN)
    assert (leg.plausible, leg.basis, leg.usual_s) == (True, "straight_line", None)
    learnt = {(1, 2): TravelTime(1, 2, 300.0, 50)}
    [leg] = steps(quick, TOWN, learnt)
    assert (leg.plausible, leg.basis, leg.usual_s) == (False, "learnt", 300.0)
    assert "300 s" in leg.why
    assert "two vehicles" in leg.why
    assert steps([_read(1, 0), _read(2, 200)], TOWN, learnt)[0].plausible
    assert steps([_read(2, 0), _read(1, 90)], TOWN, learnt)[0].basis == "straight_line"  # the other way is another pair
    far = {1: (-2.36, 51.38), 2: (-0.12, 51.50)}
    [leg] = steps([_read(1, 0), _read(2, 120)], far, {(1, 2): TravelTime(1, 2, 5.0, 50)})
    assert (leg.plausible, leg.basis) == (False, "straight_line")


async def test_the_fastest_twentieth_is_learnt_and_one_misread_teaches_nothing(history: History) -> None:
    cars = [plate() for _ in range(24)]
    for at, vrm in enumerate(cars):
        # One is a misread, half a minute later: the others take six minutes and more.
        took = 360 + at if at else 30
        await history.send(history.read(vrm, 4000 + took), history.read(vrm, 4000, "town"))
    await history.wait(2, vrm=cars[-1])
    pair = (int(history.cameras["north"]), int(history.cameras["town"]))
    spine = history.platform.spine
    since = datetime.fromtimestamp(now_ms() / 1000, UTC) - timedelta(days=1)
    found = {(t.start, t.end): t for t in await travel_times.learn(spine.columnar, since, QUANTILE, 20)}
    assert found[pair].observed >= 24
    assert 300 < found[pair].seconds < 370
    assert not {(t.start, t.end) for t in await travel_times.learn(spine.columnar, since, QUANTILE, 1000)} & {pair}
    async with spine.db.transaction() as connection:
        await travel_times.replace(connection, [found[pair]])
    assert (await travel_times.between(spine.db, [pair, (1, 1)])).keys() == {pair}
    twin = plate()
    await history.send(history.read(twin, 700), history.read(twin, 640, "town"))
    made = await history.wait(2, vrm=twin)
    journey = (await history.platform.client("analyst").get(f"/v1/anpr/searches/{made['id']}/journey")).json()
    assert journey["legs"][0]["basis"] == "learnt"
    assert journey["legs"][0]["usual_seconds"] == pytest.approx(found[pair].seconds, abs=0.1)
    assert journey["clone_suspected"] == [twin]


@pytest.mark.skipif(not SURVEY.exists(), reason="the Bath survey is not beside the clone (../shared/data/bath-anpr-2017)")
def test_in_bath_nobody_is_doubted_and_the_floor_is_far_above_the_straight_lines() -> None:
    """Open Government Licence v3.0. The survey gives means by pair and hour; the pair's low quantile is taken over its hours."""
    with (SURVEY / "banes_sites.csv").open() as file:
        place = {row["id"]: (float(row["longitude"]), float(row["latitude"])) for row in csv.DictReader(file)}
    hours: dict[str, list[tuple[float, float]]] = defaultdict(list)
    with (SURVEY / "banes_moves_hour.csv").open() as file:
        for row in csv.DictReader(file):
            hours[row["ID"]].append((float(row["avg_time"]), float(row["total"])))
    gains, passages, doubted = [], 0.0, 0.0
    for pair, observed in hours.items():
        start, _, end = pair.partition("_")
        seconds, count = np.array(observed).T
        if not {start, end} <= set(place) or count.sum() < 20:
            continue
        metres = metres_between(place[start], place[end])
        if metres < 1000:
            continue
        learnt = float(np.quantile(np.repeat(seconds, count.astype(int)), QUANTILE))
        floor = least_seconds(metres, TravelTime(0, 0, learnt, int(count.sum())))
        well_known = count >= 5
        passages += count[well_known].sum()
        doubted += count[well_known & (seconds < floor)].sum()
        gains.append(floor / (metres / KMH_MAX * 3.6))
    assert len(gains) > 100
    assert doubted / passages < 0.001
    assert np.median(gains) > 3
