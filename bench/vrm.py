"""How fast the VRM library is: `python -m bench.vrm`. Batches of 1,000 marks drawn by bench/plates.py; best of five."""

import timeit
from collections.abc import Callable

import numpy as np
import pyarrow as pa

from bench.plates import marks
from bluelamp.kit import vrm

BATCH = 1_000


def best_s(work: Callable[[], object], times: int) -> float:
    return min(timeit.repeat(work, number=times, repeat=5)) / times


def main() -> None:
    symbols = marks(np.random.default_rng(1), BATCH)
    codes = vrm.encode_symbols(symbols)
    texts = [mark.decode() for mark in vrm.decode_codes(codes)]
    arrow = pa.array(texts)
    batched = {
        "Arrow strings to codes": lambda: vrm.encode_arrow(arrow),
        "codes to strings": lambda: vrm.decode_codes(codes),
        "canonical form of codes": lambda: vrm.DEFAULT.canonical_codes(codes),
        "well-formed or not": lambda: vrm.well_formed(symbols),
        "peer: Python, one by one, to codes": lambda: [vrm.encode(text) for text in texts],
        "peer: Python, one by one, canonical": lambda: [vrm.canonical(text) for text in texts],
    }
    print("| what | rate |\n|---|---|")
    for name, work in batched.items():
        print(f"| {name} | {BATCH / best_s(work, 50) / 1e6:.2f} M marks/s |")
    singles = {
        "likelihood, swaps only": lambda: vrm.likelihood("A812CDE", "AB12CDE"),
        "likelihood, one added": lambda: vrm.likelihood("AB12CDE1", "AB12CDE"),
    }
    for name, work in singles.items():
        print(f"| {name} | {1 / best_s(work, 500):,.0f} a second |")


if __name__ == "__main__":
    main()
