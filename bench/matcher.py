"""How fast and how careful the matcher is: `python -m bench matcher`.

Lists and traffic are drawn by bench/plates.py from one population; 2% of the reads are of listed vehicles. Rates include
turning Arrow strings into codes unless the row says otherwise.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa

from bench.plates import Camera, Seen, distinct, marks, see
from bench.table import Row, show
from bluelamp.anpr.matching import snapshot
from bluelamp.anpr.matching.index import VoiIndex
from bluelamp.anpr.matching.layers import Entries, Layers
from bluelamp.anpr.matching.matcher import Batch, Match, Matcher
from bluelamp.anpr.matching.tolerance import HIGH, Tolerance
from bluelamp.kit.vrm import DEFAULT, Codes, Symbols, decode_codes, encode_symbols, symbols_from_codes

BATCH = 1_000
HIT_SHARE = 0.02
PRIORITY_SHARES = [0.70, 0.27, 0.03]  # low, medium, high
CHUNK = 1_000_000
TOLERANT_TARGET = 200_000
MISREADS = {
    "one or more swaps": Camera(misread=1, swaps=1, changes=0, drops=0, adds=0),
    "one other character": Camera(misread=1, swaps=0, changes=1, drops=0, adds=0),
    "one dropped": Camera(misread=1, swaps=0, changes=0, drops=1, adds=0),
    "one added": Camera(misread=1, swaps=0, changes=0, drops=0, adds=1),
}


def entries_of(rng: np.random.Generator, count: int) -> Entries:
    codes = distinct(rng, count)
    flags = rng.choice(np.arange(3, dtype=np.uint8), count, p=PRIORITY_SHARES)
    return Entries(np.arange(count, dtype=np.uint32), codes, flags)


def table_of(seen: Seen) -> pa.Table:
    return pa.table(
        {
            "vrm": pa.array([m.decode() for m in decode_codes(encode_symbols(seen.symbols))]),
            "confidence": pa.array(seen.confidence),
            "characters": pa.array(seen.characters, pa.binary()),
            "variant_vrms": pa.array(seen.variants, pa.list_(pa.string())),
            "variant_confidences": pa.array(seen.variant_confidences, pa.list_(pa.uint16())),
        }
    )


def batches(table: pa.Table) -> list[pa.RecordBatch]:
    return table.combine_chunks().to_batches(max_chunksize=BATCH)


def rate(work: Callable[[], object], reads: int) -> float:
    """Reads a second, best of three."""
    best = min(_timed(work) for _ in range(3))
    return reads / best


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def traffic(rng: np.random.Generator, listed: Codes, count: int) -> tuple[Symbols, np.ndarray]:
    """Return the true marks passing (2% of them listed) and which are listed."""
    truth = marks(rng, count)
    rows = rng.choice(count, int(count * HIT_SHARE), replace=False)
    truth[rows] = symbols_from_codes(rng.choice(listed, len(rows)))
    return truth, np.isin(encode_symbols(truth), listed)


def innocent_but_for(rng: np.random.Generator, index: VoiIndex, listed: Codes, reads: int) -> list[pa.RecordBatch]:
    """Traffic of which 2% is listed. On so long a list many chance draws would be, so those are drawn again."""
    truth = marks(rng, reads)
    for _ in range(20):
        chance = np.unique(index.probe_exact(encode_symbols(truth)).rows)
        truth[chance] = marks(rng, len(chance))
    rows = rng.choice(reads, int(reads * HIT_SHARE), replace=False)
    truth[rows] = symbols_from_codes(rng.choice(listed, len(rows)))
    return batches(table_of(see(rng, truth, Camera())))


def speed(size: str, layers: Layers, parts: list[pa.RecordBatch], listed: Codes, exact_target: float, *, peers: bool) -> list[Row]:
    reads = sum(len(p) for p in parts)
    exact, tolerant = Matcher(layers, None), Matcher(layers, Tolerance())
    made = [Batch.of(part) for part in parts]
    base = rate(lambda: [exact.match(Batch.of(part)) for part in parts], reads)
    ready = rate(lambda: [exact.match(batch) for batch in made], reads)
    lenient = rate(lambda: [tolerant.match(Batch.of(part)) for part in parts], reads)
    rows = [
        Row(f"{size}, exact, from Arrow", _rate(base), "", "", _rate(exact_target), base >= exact_target),
        Row(f"{size}, exact, codes ready", _rate(ready), "", ""),
    ]
    if peers:
        reached = lenient >= TOLERANT_TARGET
        rows.append(Row(f"{size}, tolerant, from Arrow", _rate(lenient), "", "", _rate(TOLERANT_TARGET), reached))
    else:
        rows.append(Row(f"{size}, tolerant, from Arrow", _rate(lenient), "", ""))
    if peers:
        held = {mark.decode(): number for number, mark in enumerate(decode_codes(listed).tolist())}
        texts = [part.column("vrm") for part in parts]
        ordered = np.sort(listed)
        by_dict = rate(lambda: [[held.get(v) for v in t.to_pylist()] for t in texts], reads)
        searched = rate(lambda: [_searched(ordered, b.codes) for b in made], reads)
        rows += [
            Row(f"{size}, exact, from Arrow", _rate(base), f"Python dict {_rate(by_dict)}", f"{base / by_dict:.2f} x"),
            Row(f"{size}, exact, codes ready", _rate(ready), f"numpy.searchsorted {_rate(searched)}", f"{ready / searched:.2f} x"),
        ]
    return rows


def _rate(value: float) -> str:
    return f"{value / 1e6:.2f} M/s"


def _searched(ordered: Codes, codes: Codes) -> np.ndarray:
    at = np.searchsorted(ordered, codes)
    return ordered[np.minimum(at, len(ordered) - 1)] == codes


def care(layers: Layers, rng: np.random.Generator, listed: Codes, count: int) -> list[Row]:
    """False tolerant hits among innocent reads, and what becomes of misreads of listed vehicles."""
    truth = marks(rng, count)
    truth = truth[~np.isin(encode_symbols(truth), listed)]
    matcher = Matcher(layers, Tolerance())
    false_rows = {m.row for m in _all(matcher, see(rng, truth, Camera())) if not m.exact}
    one_in = len(truth) / max(len(false_rows), 1)
    rows = [Row(f"false tolerant hits, {len(truth):,} innocent reads", f"one in {one_in:,.0f}", "", "", "one in 500", one_in >= 500)]
    wanted = symbols_from_codes(rng.choice(listed, count // 8))
    true = encode_symbols(wanted)
    flags = layers.base.flags[np.argsort(layers.base.refs)][_refs(listed, true)]
    for label, camera in MISREADS.items():
        seen = see(rng, wanted, camera)
        misread = np.flatnonzero(seen.wrong)
        hits = {m.row for m in _all(matcher, seen) if int(listed[m.ref]) == int(true[m.row])}
        caught = np.isin(misread, np.fromiter(hits, np.intp))
        high = flags[misread] == HIGH
        rows.append(Row(f"found though misread: {label}", f"{caught.mean():.0%}", f"high priority {caught[high].mean():.0%}", ""))
    return rows


def _refs(listed: Codes, codes: Codes) -> np.ndarray:
    order = np.argsort(listed)
    return order[np.searchsorted(listed, codes, sorter=order)]


def _all(matcher: Matcher, seen: Seen) -> list[Match]:
    found: list[Match] = []
    for number, part in enumerate(batches(table_of(seen))):
        found += [m._replace(row=m.row + number * BATCH) for m in matcher.match(Batch.of(part))]
    return found


def large(rng: np.random.Generator, entries: int, reads: int) -> list[Row]:
    """The 45 million: building, the snapshot, loading it, and look-ups."""
    codes = np.concatenate([encode_symbols(marks(rng, min(entries, CHUNK))) for _ in range(max(entries // CHUNK, 1))])
    flags = rng.choice(np.arange(3, dtype=np.uint8), len(codes), p=PRIORITY_SHARES)
    size = f"{len(codes) / 1e6:.1f} M"
    start = time.perf_counter()
    index = VoiIndex.build(codes, np.arange(len(codes), dtype=np.uint32), flags, DEFAULT)
    built_s, megabytes = time.perf_counter() - start, index.bytes_held / 1e6
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "voi.snapshot"
        start = time.perf_counter()
        snapshot.write(path, index, 1)
        written_s = time.perf_counter() - start
        del index
        start = time.perf_counter()
        loaded, _ = snapshot.load(path)
        loaded_s = time.perf_counter() - start
        return [
            Row(f"{size}, memory of the index", f"{megabytes:.0f} MB", "", "", "1,000 MB", megabytes < 1_000),
            Row(f"{size}, built", f"{built_s:.1f} s", "", ""),
            Row(f"{size}, snapshot written and synced", f"{written_s:.1f} s", "", ""),
            Row(f"{size}, snapshot loaded and checked", f"{loaded_s:.1f} s", "", "", "30 s", loaded_s < 30),
            *speed(size, Layers(loaded), innocent_but_for(rng, loaded, codes, reads), codes, 0.5e6, peers=False),
        ]


def run(size: float) -> list[Row]:
    """The rows of the table; size 1 is a list of a million and one of 45 million, 100,000 reads."""
    rng = np.random.default_rng(20261121)
    entries = entries_of(rng, max(int(1_000_000 * size), 20_000))
    layers = Layers.of(entries)
    count = max(int(100_000 * size), 10_000)
    truth, _ = traffic(rng, entries.codes, count)
    parts = batches(table_of(see(rng, truth, Camera())))
    return [
        *speed(f"{len(entries) / 1e6:.2f} M", layers, parts, entries.codes, 2e6, peers=True),
        *care(layers, rng, entries.codes, count),
        *large(rng, int(45_000_000 * size), count),
    ]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=float, default=1.0, help="1 is full size")
    print(show("Matcher alone", run(parser.parse_args().size)))
