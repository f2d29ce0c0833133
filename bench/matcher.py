"""How fast and how careful the matcher is: `python -m bench.matcher [--large]`.

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
from bluelamp.anpr.matching import snapshot
from bluelamp.anpr.matching.index import VoiIndex
from bluelamp.anpr.matching.layers import Entries, Layers
from bluelamp.anpr.matching.matcher import Batch, Match, Matcher
from bluelamp.anpr.matching.tolerance import Tolerance
from bluelamp.kit.vrm import DEFAULT, Codes, Symbols, decode_codes, encode_symbols, symbols_from_codes

BATCH = 1_000
HIT_SHARE = 0.02
PRIORITY_SHARES = [0.70, 0.27, 0.03]  # low, medium, high


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


def speed(name: str, layers: Layers, parts: list[pa.RecordBatch], listed: Codes, peers: bool) -> None:
    reads = sum(len(p) for p in parts)
    exact, tolerant = Matcher(layers, None), Matcher(layers, Tolerance())
    made = [Batch.of(part) for part in parts]
    rows: list[tuple[str, float]] = [
        ("exact, from Arrow", rate(lambda: [exact.match(Batch.of(part)) for part in parts], reads)),
        ("exact, codes ready", rate(lambda: [exact.match(batch) for batch in made], reads)),
        ("tolerant, from Arrow", rate(lambda: [tolerant.match(Batch.of(part)) for part in parts], reads)),
    ]
    if peers:
        held = {mark.decode(): number for number, mark in enumerate(decode_codes(listed).tolist())}
        texts = [part.column("vrm") for part in parts]
        lists = [text.to_pylist() for text in texts]
        ordered = np.sort(listed)
        rows += [
            ("peer: Python dict, from Arrow", rate(lambda: [[held.get(v) for v in t.to_pylist()] for t in texts], reads)),
            ("peer: Python dict, strings ready", rate(lambda: [[held.get(v) for v in t] for t in lists], reads)),
            ("peer: numpy.searchsorted, codes ready", rate(lambda: [_searched(ordered, b.codes) for b in made], reads)),
        ]
    base = rows[0][1]
    for label, value in rows:
        print(f"| {name} | {label} | {value / 1e6:8.2f} M reads/s | {value / base:5.2f} |")


def _searched(ordered: Codes, codes: Codes) -> np.ndarray:
    at = np.searchsorted(ordered, codes)
    return ordered[np.minimum(at, len(ordered) - 1)] == codes


def care(layers: Layers, rng: np.random.Generator, listed: Codes, count: int) -> None:
    """False tolerant hits among innocent reads, and what becomes of misreads of listed vehicles."""
    truth = marks(rng, count)
    truth = truth[~np.isin(encode_symbols(truth), listed)]
    matcher = Matcher(layers, Tolerance())
    found = _all(matcher, see(rng, truth, Camera()))
    false_rows = {m.row for m in found if not m.exact}
    print(
        f"\nInnocent reads {len(truth):,}: false tolerant hits {len(false_rows)}"
        f" = one in {len(truth) / max(len(false_rows), 1):,.0f} (at most one in 500)"
    )
    wanted = symbols_from_codes(rng.choice(listed, count // 8))
    for label, camera in {
        "one or more swaps": Camera(misread=1, swaps=1, changes=0, drops=0, adds=0),
        "one other character": Camera(misread=1, swaps=0, changes=1, drops=0, adds=0),
        "one dropped": Camera(misread=1, swaps=0, changes=0, drops=1, adds=0),
        "one added": Camera(misread=1, swaps=0, changes=0, drops=0, adds=1),
    }.items():
        seen = see(rng, wanted, camera)
        true = encode_symbols(wanted)
        misread = np.flatnonzero(seen.wrong)
        hits = {m.row for m in _all(matcher, seen) if int(listed[m.ref]) == int(true[m.row])}
        high = np.isin(misread, np.flatnonzero(layers.base.flags[np.argsort(layers.base.refs)][_refs(listed, true)] == 2))
        caught = np.isin(misread, np.fromiter(hits, np.intp))
        print(f"Misread listed vehicles, {label}: found {caught.mean():.0%}, of high priority {caught[high].mean():.0%}")


def _refs(listed: Codes, codes: Codes) -> np.ndarray:
    order = np.argsort(listed)
    return order[np.searchsorted(listed, codes, sorter=order)]


def _all(matcher: Matcher, seen: Seen) -> list[Match]:
    found: list[Match] = []
    for number, part in enumerate(batches(table_of(seen))):
        found += [m._replace(row=m.row + number * BATCH) for m in matcher.match(Batch.of(part))]
    return found


def large(rng: np.random.Generator, entries: int, parts: list[pa.RecordBatch]) -> None:
    """The 45 million: building, the snapshot, loading it, and exact look-ups."""
    codes = np.concatenate([encode_symbols(marks(rng, 1_000_000)) for _ in range(entries // 1_000_000)])
    flags = rng.choice(np.arange(3, dtype=np.uint8), len(codes), p=PRIORITY_SHARES)
    start = time.perf_counter()
    index = VoiIndex.build(codes, np.arange(len(codes), dtype=np.uint32), flags, DEFAULT)
    print(f"\n{len(codes) / 1e6:.0f} M entries: built in {time.perf_counter() - start:.1f} s, {index.bytes_held / 1e6:.0f} MB")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "voi.snapshot"
        start = time.perf_counter()
        snapshot.write(path, index, 1)
        print(f"snapshot: {path.stat().st_size / 1e6:.0f} MB, written in {time.perf_counter() - start:.1f} s")
        del index
        start = time.perf_counter()
        loaded, _ = snapshot.load(path)
        print(f"loaded and checked in {time.perf_counter() - start:.1f} s")
        speed(f"{len(codes) / 1e6:.0f} M", Layers(loaded), parts, codes, peers=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--reads", type=int, default=100_000)
    parser.add_argument("--large", type=int, default=0, metavar="ENTRIES", help="also this many entries, e.g. 45000000")
    options = parser.parse_args()
    rng = np.random.default_rng(20261121)
    entries = entries_of(rng, options.entries)
    layers = Layers.of(entries)
    truth, _ = traffic(rng, entries.codes, options.reads)
    parts = batches(table_of(see(rng, truth, Camera())))
    print("| entries | what | rate | ratio |\n|---|---|---|---|")
    speed(f"{options.entries / 1e6:.0f} M", layers, parts, entries.codes, peers=True)
    care(layers, rng, entries.codes, options.reads)
    if options.large:
        large(rng, options.large, parts)


if __name__ == "__main__":
    main()
