from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from bluelamp.demo.anpr.batches import Batcher
from bluelamp.demo.anpr.cameras import FORMATS
from bluelamp.demo.anpr.registry import cameras_csv, list_plans, listed_vehicles, source_plans, unregistered
from bluelamp.demo.anpr.sense import LiveReads, PlateSense, build_sense, history, reads_per_vehicle_day, sized_for
from bluelamp.demo.world.agencies import AGENCIES, HOME
from bluelamp.demo.world.geometry import distance_km
from bluelamp.demo.world.nation import Nation
from bluelamp.demo.world.stories import PLAYERS

FIRST_S = datetime(2026, 11, 21, 10, 0, tzinfo=UTC).timestamp()


def _players(mark: str) -> list[int]:
    return [index for index, player in enumerate(PLAYERS) if player.mark == mark]


def test_fourteen_thousand_cameras_on_roads(sense: PlateSense) -> None:
    cameras, roads = sense.cameras, sense.nation.roads
    assert len(cameras) == 14_000
    assert set(cameras.agency.tolist()) == set(range(60))
    assert {FORMATS[kind] for kind in set(cameras.format.tolist())} == set(FORMATS)
    assert (cameras.longitude > -8).all()
    assert (cameras.latitude > 49.8).all()
    direction = sense.gates.direction[cameras.gate]
    start, _ = roads.ends(direction)
    lon, lat = sense.nation.towns.longitude, sense.nation.towns.latitude
    off = distance_km(lon[start], lat[start], cameras.longitude, cameras.latitude)
    assert (off <= roads.length_km[direction // 2]).all()
    assert all(len(name) <= 120 for name in cameras.name)
    assert {roads.names[stretch] for stretch in (direction // 2).tolist()} == set(cameras.road)
    assert np.array_equal(np.bincount(cameras.gate), sense.gates.lanes)


def test_external_ids_are_unique_within_their_source(sense: PlateSense) -> None:
    plans = source_plans(sense.cameras)
    assert sum(len(plan.cameras) for plan in plans) == 14_000
    for plan in plans:
        names = [sense.cameras.external_id[camera] for camera in plan.cameras]
        assert len(set(names)) == len(names)
        assert plan.format != "dahua" or names == ["default"]


def test_the_register_as_csv_leaves_two_cameras_out(sense: PlateSense) -> None:
    plans = source_plans(sense.cameras)
    ids = {plan.name: str(number) for number, plan in enumerate(plans)}
    parts = list(cameras_csv(sense.cameras, plans, ids, 3000))
    assert sum(rows for _, rows in parts) == 13_998
    assert len(unregistered(sense.cameras)) == 2
    assert all(text.startswith("external_id,name,agency,source,latitude,longitude,road,bearing") for text, _ in parts)


def test_about_two_reads_in_a_hundred_hit(sense: PlateSense) -> None:
    listed = np.zeros(len(sense.nation.vehicles), bool)
    listed[listed_vehicles(sense)] = True
    reads = LiveReads(sense, FIRST_S, FIRST_S).until(FIRST_S + 1200)
    assert 0.01 < listed[reads.vehicle].mean() < 0.03
    plans = list_plans(sense, FIRST_S)
    assert sum(plan.entries for plan in plans) == listed.sum() + 5
    assert "KE77FRM,Linked to a shooting,high" in next(plan.csv for plan in plans if plan.agency == HOME)


def test_live_reads_hold_the_rate_and_come_in_order(sense: PlateSense) -> None:
    live = LiveReads(sense, FIRST_S, FIRST_S)
    expected = reads_per_vehicle_day(sense) * len(sense.nation.population) / 86400
    parts = [live.until(FIRST_S + minute * 300) for minute in range(1, 13)]
    rate = np.array([len(part) for part in parts]) / 300
    assert 0.8 < rate.mean() / expected < 1.25
    assert rate.min() > 0.6 * expected
    moments = np.concatenate([part.moment_s for part in parts])
    assert (np.diff(moments) >= 0).all()
    assert moments[0] >= FIRST_S
    assert moments[-1] < FIRST_S + 3600


@pytest.mark.parametrize(("cameras", "rate"), [(14_000, 20.0), (1_000, 3.0)])
def test_the_population_is_sized_for_the_rate_asked_for(nation: Nation, cameras: int, rate: float) -> None:
    sized = sized_for(build_sense(nation, cameras), rate)
    live = LiveReads(sized, FIRST_S, FIRST_S)
    assert 0.7 < len(live.until(FIRST_S + 3600)) / 3600 / rate < 1.35


def test_a_restart_goes_on_with_the_same_journeys(sense: PlateSense) -> None:
    throughout = LiveReads(sense, FIRST_S, FIRST_S)
    throughout.until(FIRST_S + 1800)
    restarted = LiveReads(sense, FIRST_S, FIRST_S + 1800)
    ours, theirs = throughout.until(FIRST_S + 2400), restarted.until(FIRST_S + 2400)
    shared = len(set(ours.vehicle.tolist()) & set(theirs.vehicle.tolist()))
    assert shared > 0.9 * len(set(theirs.vehicle.tolist()))


def test_history_has_the_asked_for_size_and_lies_in_the_past(sense: PlateSense) -> None:
    parts = list(history(sense, 40_000, FIRST_S, 10))
    assert 28_000 < sum(len(part) for part in parts) < 56_000
    moments = np.concatenate([part.moment_s for part in parts])
    assert moments.max() < FIRST_S
    assert moments.min() >= FIRST_S - 10 * 86400
    assert all((part.vrm != b"").all() for part in parts)


def test_cameras_misread_a_few_plates_in_plausible_ways(sense: PlateSense) -> None:
    reads = next(iter(history(sense, 60_000, FIRST_S, 1)))
    truth = sense.nation.vehicles.mark[reads.vehicle]
    wrong = reads.vrm != truth
    assert 0.01 < wrong.mean() < 0.08
    assert reads.confidence[wrong].mean() < reads.confidence[~wrong].mean() - 0.15
    pairs = list(zip(reads.vrm[wrong].tolist(), truth[wrong].tolist(), strict=True))
    one_changed = [sum(a != b for a, b in zip(seen, real, strict=True)) for seen, real in pairs if len(seen) == len(real)]
    assert max(one_changed) <= 7
    assert np.mean(np.array(one_changed) <= 2) > 0.95
    assert any(len(seen) != len(real) for seen, real in pairs)


def test_some_clocks_are_off_and_some_far_ahead(sense: PlateSense) -> None:
    reads = LiveReads(sense, FIRST_S, FIRST_S).until(FIRST_S + 1800)
    off = np.abs(reads.captured_ms / 1000 - reads.moment_s)
    assert 0.005 < (off > 20).mean() < 0.08
    assert (sense.habits.clock_offset_s > 300).sum() == 4


def test_a_camera_out_of_order_is_silent(sense: PlateSense) -> None:
    faulty = np.flatnonzero(sense.habits.fault_days > 0.5)
    hours = FIRST_S + np.arange(0, 60 * 24) * 3600.0
    for camera in faulty[:5].tolist():
        works = sense.habits.works_at(np.full(len(hours), camera), hours)
        assert works.any()
        assert not works.all()


def test_story_a_cloned_plate_is_in_two_places_at_once(sense: PlateSense) -> None:
    reads = [part.chosen(np.isin(part.vehicle, _players("KE77CLN"))) for part in history(sense, 5_000, FIRST_S, 12)]
    for day in reads:
        moments = {player: day.moment_s[day.vehicle == player] for player in _players("KE77CLN")}
        one, two = moments.values()
        assert min(abs(a - b) for a in one for b in two) < 1800
    cameras = np.concatenate([day.camera for day in reads])
    assert np.ptp(sense.cameras.latitude[cameras]) > 2.0


def test_story_a_convoy_passes_the_same_cameras_within_a_minute_or_so(sense: PlateSense) -> None:
    lead, *others = (_players(f"KE77CV{letter}")[0] for letter in "ABC")
    night = next(part for part in history(sense, 5_000, FIRST_S, 2) if (part.vehicle == lead).any())
    gate = sense.cameras.gate[night.camera]
    seen = dict(zip(gate[night.vehicle == lead].tolist(), night.moment_s[night.vehicle == lead].tolist(), strict=False))
    assert len({AGENCIES[owner].code for owner in sense.cameras.agency[night.camera[night.vehicle == lead]].tolist()}) >= 2
    for other in others:
        own = night.vehicle == other
        gaps = [
            moment - seen[place] for place, moment in zip(gate[own].tolist(), night.moment_s[own].tolist(), strict=True) if place in seen
        ]
        gaps = [gap for gap in gaps if abs(gap) < 1000]
        assert len(gaps) >= 5
        assert max(gaps) < 90


def test_story_the_stolen_car_is_about_all_day(sense: PlateSense) -> None:
    live = LiveReads(sense, FIRST_S, FIRST_S)
    reads = live.until(FIRST_S + 3 * 3600)
    stolen = np.isin(reads.vehicle, _players("KE77STL"))
    assert stolen.sum() > 10
    assert {AGENCIES[owner].code for owner in sense.cameras.agency[reads.camera[stolen]].tolist()} >= {HOME}
    commute = [part for part in history(sense, 5_000, FIRST_S, 20) if np.isin(part.vehicle, _players("KE77STL")[:1]).any()]
    assert len(commute) >= 15


def test_story_the_dirty_plate_is_read_as_its_lookalike(sense: PlateSense) -> None:
    reads = LiveReads(sense, FIRST_S, FIRST_S).until(FIRST_S + 4 * 3600)
    seen = reads.vrm[np.isin(reads.vehicle, _players("KE77SBG"))].tolist()
    assert len(seen) > 10
    assert set(seen) & {b"KE77S8G", b"KE775BG"}


def test_batches_hold_the_reads_without_loss(sense: PlateSense) -> None:
    reads = next(iter(history(sense, 3_000, FIRST_S, 1)))
    table = Batcher(sense).table(reads)
    assert table["vrm"].to_pylist() == [mark.decode() for mark in reads.vrm.tolist()]
    assert table["camera"].to_pylist() == [sense.cameras.external_id[camera] for camera in reads.camera.tolist()]
    assert [moment.timestamp() * 1000 for moment in table["captured_at"].to_pylist()[:50]] == reads.captured_ms[:50].tolist()
    assert set(table["class"].to_pylist()) <= {"car", "van", "lorry", "bus", "motorcycle"}
