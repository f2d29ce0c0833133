"""The hash of a minute's collection: the same whatever the order, another for another set; nothing counts twice."""

from __future__ import annotations

from hashlib import sha256

import numpy as np

from bluelamp.anpr.intake.collected import Collected, Collection
from bluelamp.anpr.intake.tally import SourceTally, Tally


def keys(*values: int) -> np.ndarray:
    return np.array(values, np.uint64)


def test_the_hash_is_of_the_keys_in_order() -> None:
    expected = sha256(b"".join(n.to_bytes(8, "little") for n in (1, 2, 2**63))).hexdigest()
    assert Collected(events=[keys(2**63), keys(2, 1)]).digest == expected
    assert Collected(events=[keys(2**63), keys(2, 3)]).digest != expected
    assert Collected().digest == sha256().hexdigest()


def test_what_could_not_be_written_waits_for_the_next_entry() -> None:
    collection = Collection()
    collection.add({7: SourceTally(accepted=2, amended=1), 8: SourceTally(duplicates=3)}, {7: [keys(1, 2), keys(3)]})
    taken = collection.take()
    assert {number: (found.reads, found.amended) for number, found in taken.items()} == {7: (2, 1)}
    assert collection.take() == {}
    collection.put_back(taken)
    collection.add({7: SourceTally(accepted=1)}, {7: [keys(4)]})
    (found,) = collection.take().values()
    assert (found.reads, found.amended, found.digest) == (3, 1, Collected(events=[keys(4, 3, 2, 1)]).digest)


def test_the_tally_gives_its_events_once() -> None:
    tally = Tally()
    tally.events(7, [keys(1), keys(2)])
    tally.events(7, [])
    tally.events(7, [keys(3)])
    (arrays,) = tally.take_events().values()
    assert np.concatenate(arrays).tolist() == [1, 2, 3]
    assert tally.take_events() == {}
