"""Reads become hits exactly once: repeats fold, amendments amend, a replay adds nothing, whatever the batches are."""

from hypothesis import given, settings
from hypothesis import strategies as st

from bluelamp.anpr.domain import ReadKey, read_id, vrm_key
from bluelamp.anpr.matching.hits import (
    Camera,
    Entry,
    Fold,
    FoldTerms,
    Hit,
    Mutes,
    SeenRead,
    Sighting,
    captured_at_of,
    decode_hits,
    encode_hits,
    entry_id,
    parse_entry_id,
)
from bluelamp.anpr.matching.matcher import Match

TERMS = FoldTerms(window_ms=300_000, alert_age_ms_max=600_000)
NOW = 1_790_000_000_000


def entry(number: int = 1, agency: str = "KEN") -> Entry:
    return Entry(number=number, list_id="L", list_name="stolen", agency=agency, reason="", priority=1, marker="", instruction="")


def camera(number: int = 1, agency: str = "IRW") -> Camera:
    return Camera(number, str(number), f"camera {number}", agency, (-2.0, 51.0))


def sighting(
    at: int = 0,
    *,
    cam: int = 1,
    vrm: str = "AB12CDE",
    first: str = "",
    version: int = 0,
    entries: tuple[int, ...] = (1,),
    score: float = 1.0,
) -> Sighting:
    key = ReadKey(cam, NOW + at, vrm_key(first or vrm))
    read = SeenRead(
        id=read_id(key), version=version, vrm=vrm, seen_as=vrm, captured_at=NOW + at, received_at=NOW + at + 300,
        confidence=0.9, direction="", lane=0, make="", model="", colour="", vehicle_class="",
    )  # fmt: skip
    matches = tuple((Match(0, n, "AB12CDE", score == 1.0, score, "why"), entry(n)) for n in entries)
    return Sighting(read, camera(cam), matches)


def tell(fold: Fold, *sightings: Sighting, now: int = NOW, mutes: Mutes | None = None) -> tuple[list[Hit], list[Hit]]:
    new, amended = fold.changes(list(sightings), mutes or Mutes(), now)
    fold.remember([*new, *amended])
    return new, amended


def test_a_hit_goes_to_the_cameras_force_and_the_lists_owner():
    (hit,), amended = tell(Fold(TERMS), sighting())
    assert amended == []
    assert hit.agencies == ("IRW", "KEN")
    assert (hit.version, hit.repeats, hit.alert) == (1, 0, True)
    assert decode_hits(encode_hits([hit])) == [hit]
    assert captured_at_of(hit.id) == hit.captured_at
    assert len(hit.id) <= 36


def test_repeats_fold_within_the_window_and_not_beyond_or_elsewhere():
    fold = Fold(TERMS)
    (first,), _ = tell(fold, sighting(0))
    _, (again,) = tell(fold, sighting(200_000))
    _, (third,) = tell(fold, sighting(450_000))
    assert (again.id, third.id, third.repeats, third.version) == (first.id, first.id, 2, 3)
    assert len(tell(fold, sighting(800_000))[0]) == 1
    assert len(tell(fold, sighting(460_000, cam=2))[0]) == 1
    assert len(tell(fold, sighting(470_000, entries=(2,)))[0]) == 1


def test_a_late_read_repeats_the_hit_of_its_own_time():
    fold = Fold(TERMS)
    (morning,), _ = tell(fold, sighting(0))
    (evening,), _ = tell(fold, sighting(36_000_000))
    new, (amended,) = tell(fold, sighting(100_000))
    assert (new, amended.id, amended.repeats) == ([], morning.id, 1)
    _, (amended,) = tell(fold, sighting(36_100_000))
    assert amended.id == evening.id


def test_what_begins_and_what_repeats_in_one_batch_is_told_apart_afterwards():
    """The order in which a batch's hits are published (the new ones first) says nothing of which came last."""
    fold = Fold(TERMS)
    tell(fold, sighting(0))
    (later,), (earlier,) = tell(fold, sighting(100_000), sighting(500_000))
    _, (again,) = tell(fold, sighting(500_000 + 1, first="AB12CDF"))
    assert (again.id, earlier.repeats) == (later.id, 1)


def test_a_better_read_becomes_the_hits_evidence():
    fold = Fold(TERMS)
    tell(fold, sighting(0, score=0.86))
    _, (better,) = tell(fold, sighting(1000))
    assert (better.match, better.score, better.read.captured_at) == ("exact", 1.0, NOW + 1000)
    assert better.captured_at == NOW
    _, (worse,) = tell(fold, sighting(2000, score=0.7))
    assert (worse.score, worse.repeats) == (1.0, 2)


def test_an_amendment_amends_the_hit_under_its_id():
    fold = Fold(TERMS)
    (hit,), _ = tell(fold, sighting(0, vrm="A812CDE", score=0.86))
    new, (amended,) = tell(fold, sighting(0, vrm="AB12CDE", first="A812CDE", version=1))
    assert new == []
    assert (amended.id, amended.match, amended.repeats) == (hit.id, "exact", 0)
    assert tell(fold, sighting(0, vrm="AB12CDE", first="A812CDE", version=1)) == ([], [])


def test_an_amendment_to_another_plate_withdraws_the_hit():
    fold = Fold(TERMS)
    (hit,), _ = tell(fold, sighting(0))
    _, (gone,) = tell(fold, sighting(0, vrm="XY34ZZZ", first="AB12CDE", version=1, entries=()))
    assert (gone.id, gone.withdrawn, gone.alert) == (hit.id, True, False)
    assert "XY34ZZZ" in gone.why
    assert len(tell(fold, sighting(1000))[0]) == 1


def test_first_event_and_amendment_in_one_batch():
    fold = Fold(TERMS)
    later = sighting(0, vrm="XY34ZZZ", first="AB12CDE", version=1, entries=())
    (hit,), amended = tell(fold, sighting(0), later)
    assert amended == []
    assert hit.withdrawn


def test_old_reads_and_mutes_are_not_alerted():
    (late,), _ = tell(Fold(TERMS), sighting(-600_001))
    assert not late.alert
    mutes = Mutes([("KEN", None, 1, NOW + 1), ("IRW", "2", None, NOW + 1), ("ORR", "1", None, NOW + 1)])
    (muted,), _ = tell(Fold(TERMS), sighting(), mutes=mutes)
    assert (muted.alert, muted.muted_for) == (True, ("KEN",))
    assert tell(Fold(TERMS), sighting(), mutes=Mutes([("KEN", None, 1, NOW)]))[0][0].muted_for == ()


SIGHTINGS = st.builds(
    lambda at, cam, ent, score: sighting(at * 100_000, cam=cam, entries=(ent,), score=score),
    st.integers(-3, 12),
    st.integers(1, 2),
    st.integers(1, 2),
    st.sampled_from([1.0, 0.86]),
)


@settings(max_examples=200)
@given(st.lists(st.lists(SIGHTINGS, min_size=1, max_size=4), max_size=6), st.data())
def test_a_crash_and_redelivery_change_nothing(batches, data):
    """What was published before a crash is remembered from the stream; the last batches are delivered again."""
    steady, stream = Fold(TERMS), []
    for batch in batches:
        new, amended = tell(steady, *batch)
        stream += [*new, *amended]
    resumed = Fold(TERMS)
    resumed.remember(decode_hits(encode_hits(stream)))
    again_from = data.draw(st.integers(0, len(batches)))
    for batch in batches[again_from:]:
        assert tell(resumed, *batch) == ([], [])
    probe = sighting(50_000)
    assert tell(resumed, probe) == tell(steady, probe)


@settings(max_examples=100)
@given(st.lists(SIGHTINGS, max_size=12), st.integers(1, 12))
def test_the_result_does_not_depend_on_how_reads_are_batched(sightings, size):
    one_by_one, together = Fold(TERMS), Fold(TERMS)
    latest: list[dict[str, Hit]] = [{}, {}]
    for held, fold, step in ((latest[0], one_by_one, 1), (latest[1], together, size)):
        for at in range(0, len(sightings), step):
            new, amended = tell(fold, *sightings[at : at + step])
            held.update({hit.id: hit for hit in [*new, *amended]})
    facts = [{(h.id, h.repeats, h.score, h.read.id, h.last_seen_at) for h in held.values()} for held in latest]
    assert facts[0] == facts[1]


def test_memory_is_bounded():
    fold = Fold(TERMS, remembered_max=100)
    for n in range(500):
        tell(fold, sighting(n * 400_000, cam=n))
    assert len(fold._hits) <= 100
    assert len(fold._by_read) <= 100
    assert len(fold._at_camera) <= 100


@given(st.integers(0, 2**32 - 1))
def test_entry_ids_round_trip(number):
    assert parse_entry_id(entry_id(number)) == number
