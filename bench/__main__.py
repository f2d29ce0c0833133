"""`python -m bench [NAME …] [--size S]`: run the benches and print their tables; docs/benchmarks.md holds the last full run."""

from __future__ import annotations

import argparse
import importlib
import platform
import time

from bench.table import show

BENCHES = {
    "matcher": "Matcher alone",
    "intake": "Intake, end to end",
    "pictures": "Pictures: in clear and sealed",
    "store": "Store: size and insert",
    "search": "Search of the history",
    "policy": "Authorisation decisions",
    "live": "Live stream of incidents",
    "positions": "Positions: doors, book, history",
    "edges": "Limits and headers at the edge",
    "audit": "Audit: cost, sequencing, proof, search",
    "cot": "CoT fan-out",
    "incidents": "Incidents: any second of a large one",
    "misuse": "Misuse detection on a simulated year",
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which: {', '.join(BENCHES)} (all)")
    parser.add_argument("--size", type=float, default=1.0, help="1 is full size; 0.05 takes a minute or two")
    options = parser.parse_args()
    unknown = set(options.names) - set(BENCHES)
    if unknown:
        parser.error(f"there is no bench {', '.join(sorted(unknown))}")
    print(f"{platform.machine()}, {platform.system()} {platform.release()}, Python {platform.python_version()}; size {options.size}\n")
    for name in options.names or BENCHES:
        started = time.monotonic()
        rows = importlib.import_module(f"bench.{name}").run(options.size)
        print(show(BENCHES[name], rows))
        print(f"({time.monotonic() - started:.0f} s)\n", flush=True)


if __name__ == "__main__":
    main()
