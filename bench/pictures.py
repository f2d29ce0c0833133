"""What encryption costs the store of pictures: groups of a hundred reads' pictures appended in clear and sealed, by turns."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
import time
from pathlib import Path

from bench.table import Row, percentile
from bluelamp.anpr.store.pictures import PictureStore
from bluelamp.spine.blobs import Blobs
from bluelamp.spine.encryption.keyring import KeyRing, new_line

READS = 100
PLATE, OVERVIEW = 3_000, 25_000
NOW = 20_000 * 86_400_000


async def _measure(groups: int, root: Path) -> list[Row]:
    pictures = [os.urandom(PLATE if at % 2 else OVERVIEW) for at in range(2 * READS)]
    clear = PictureStore(Blobs.open((root / "clear").as_uri()))
    sealed = PictureStore(Blobs.open((root / "sealed").as_uri(), KeyRing(text=new_line())))
    wall: dict[str, list[float]] = {"clear": [], "sealed": []}
    cpu = {"clear": 0.0, "sealed": 0.0}
    reads: dict[str, list[float]] = {"clear": [], "sealed": []}
    refs = {}
    for _ in range(groups):
        for name, store in (("clear", clear), ("sealed", sealed)):
            began, used = time.perf_counter(), time.process_time()
            refs[name] = await store.append(pictures, NOW)
            wall[name].append(time.perf_counter() - began)
            cpu[name] += time.process_time() - used
    for at in range(min(1_000, groups * 10)):
        for name, store in (("clear", clear), ("sealed", sealed)):
            began = time.perf_counter()
            await store.fetch(refs[name][at % len(pictures)].ref)
            reads[name].append(time.perf_counter() - began)
    await clear.close()
    await sealed.close()
    size = READS * (PLATE + OVERVIEW)
    took = {name: percentile(times, 0.5) for name, times in wall.items()}
    fetched = {name: percentile(times, 0.5) for name, times in reads.items()}
    per_read = {name: used / groups / READS * 1e6 for name, used in cpu.items()}
    return [
        Row(
            "append 100 reads' pictures, synced: p50", f"sealed {took['sealed'] * 1e3:.1f} ms", f"clear {took['clear'] * 1e3:.1f} ms",
            f"{took['sealed'] / took['clear']:.2f}",
        ),
        Row(
            "processor time a read of two pictures", f"sealed {per_read['sealed']:.0f} µs", f"clear {per_read['clear']:.0f} µs",
            f"{per_read['sealed'] / per_read['clear']:.2f}",
        ),
        Row(
            "fetch one picture: p50", f"sealed {fetched['sealed'] * 1e6:.0f} µs", f"clear {fetched['clear'] * 1e6:.0f} µs",
            f"{fetched['sealed'] / fetched['clear']:.2f}",
        ),
        Row("room", f"sealed {size + 2 * READS * 24} bytes", f"clear {size} bytes", f"{1 + 2 * READS * 24 / size:.4f}"),
    ]  # fmt: skip


def run(size: float) -> list[Row]:
    """`size` 1: 400 groups of 100 reads a side, 1.1 GB each."""
    root = Path(tempfile.mkdtemp(prefix="bl-pictures-"))
    try:
        return asyncio.run(_measure(max(10, int(400 * size)), root))
    finally:
        shutil.rmtree(root, ignore_errors=True)
