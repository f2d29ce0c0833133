"""A year of reads for the benches of store and search, made inside the columnar engine.

Assumptions, all here: 12 million vehicles; how often one is seen falls with the root of its rank (a taxi 60,000 times a
year in 200 million reads, most cars 8 to 30 times); 14,000 cameras, the busiest with some hundred times the traffic of the
quietest; make, model, colour and class belong to the vehicle; 1% of reads have one character wrong. Nothing is real.
"""

from __future__ import annotations

import asyncio
import csv
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg

from bench.nation import AGENCY, Nation
from bluelamp.app.engines.group import recorded_urls
from bluelamp.kit.clock import now_ms
from bluelamp.spine.columnar import Columnar

CAMERAS = 14_000
PLATES = 12_000_000
DAYS = 360
CHUNK_DAYS = 2
_L = "'ABCDEFGHJKLMNOPRSTUVWXY'"

COLUMNS = "camera, captured_at, vrm, confidence, direction, lane, make, model, colour, vehicle_class"


def reads_sql(count: int, start_s: int, seconds: int, plates: int, seed: int) -> str:
    """`count` reads of `seconds` seconds from `start_s`, in order of time."""

    def chance(n: int) -> str:
        return f"(intHash64(number * 16 + {n} + {seed} * 1000003) % 4294967296 / 4294967296.)"

    return f"""
    WITH toUInt64(floor({plates} * pow({chance(1)}, 2))) AS rank, intHash64(rank) AS h,
      concat(substring({_L}, 1 + h % 23, 1), substring({_L}, 1 + intDiv(h, 23) % 23, 1),
        leftPad(toString(2 + intDiv(h, 529) % 70), 2, '0'),
        substring({_L}, 1 + intDiv(h, 50000) % 23, 1), substring({_L}, 1 + intDiv(h, 1150000) % 23, 1),
        substring({_L}, 1 + intDiv(h, 26450000) % 23, 1)) AS true_vrm, toUInt8(1 + floor(7 * {chance(2)})) AS place
    SELECT toUInt32(1 + floor({CAMERAS} * pow({chance(3)}, 1.5))) AS camera,
      toDateTime64({start_s} + intDiv(number * {seconds}, {count}), 3, 'UTC')
        + toIntervalMillisecond(floor(1000 * {chance(4)})) AS captured_at,
      captured_at + toIntervalMillisecond(400) AS received_at,
      if({chance(5)} < 0.01, concat(substring(true_vrm, 1, place - 1), substring('0123456789ABCDEFGHJKLMNOPQRSTUVWXYZ',
        1 + toUInt8(floor(35 * {chance(6)})), 1), substring(true_vrm, place + 1)), true_vrm) AS vrm,
      '' AS seen_as, toUInt16(1000 - floor(300 * pow({chance(7)}, 3))) AS confidence,
      ['approaching', 'away', 'n', 's'][1 + camera % 4] AS direction, toUInt8(1 + floor(3 * {chance(8)})) AS lane,
      ['Ford', 'Vauxhall', 'Volkswagen', 'BMW', 'Audi', 'Toyota', 'Mercedes-Benz', 'Nissan', 'Kia', 'Hyundai', 'Peugeot', 'Renault',
        'Skoda', 'Land Rover', 'Volvo', 'Fiat', 'Citroen', 'Mini', 'Tesla',
        'Honda'][1 + toUInt8(20 * pow(intDiv(h, 7) % 1000 / 1000., 2))] AS make,
      concat(make, ' ', toString(intDiv(h, 7919) % 12)) AS model,
      ['black', 'grey', 'white', 'blue', 'red', 'silver', 'green',
        'yellow'][1 + toUInt8(8 * pow(intDiv(h, 104729) % 1000 / 1000., 2))] AS colour,
      ['car', 'car', 'car', 'car', 'car', 'van', 'van', 'lorry', 'motorcycle',
        'bus'][1 + intDiv(h, 1299709) % 10] AS vehicle_class
    FROM numbers({count})"""


def chunks(reads: int, plates: int) -> Iterator[tuple[int, int, str]]:
    """First and last second of every two days of the last year, and the SQL of their reads."""
    first = (now_ms() // 86_400_000 - DAYS) * 86_400
    parts = DAYS // CHUNK_DAYS
    for part in range(parts):
        start = first + part * CHUNK_DAYS * 86_400
        yield start, start + CHUNK_DAYS * 86_400, reads_sql(reads // parts, start, CHUNK_DAYS * 86_400, plates, part)


async def fill(columnar: Columnar, reads: int, plates: int) -> float:
    """Put a year of reads in by the door that the writer uses, and let merges settle; returns seconds without the settling.

    Days that are there already, of a kept run that was interrupted, are passed over.
    """
    started = time.monotonic()
    for first, last, sql in chunks(reads, plates):
        if await _has_reads(columnar, first, last):
            continue
        await columnar.execute(
            "INSERT INTO reads_in (camera, captured_at, received_at, vrm, seen_as, confidence, direction, lane, make, model, colour,"
            f" vehicle_class) {sql}",
            max_partitions_per_insert_block=0, max_insert_block_size=2_000_000, min_insert_block_size_rows=2_000_000, max_execution_time=600,
        )  # fmt: skip
    filled = time.monotonic() - started
    # What the store does by itself with a partition that has rested for an hour (min_age_to_force_merge_seconds).
    rows = await columnar.query(
        "SELECT table, partition_id AS id FROM system.parts WHERE active AND table IN ('reads_by_plate', 'reads_by_camera', 'plates')"
        " GROUP BY table, id HAVING count() > 1"
    )
    for row in rows:  # one by one: a whole table takes longer than a client waits
        await columnar.execute(f"OPTIMIZE TABLE {row['table']} PARTITION ID '{row['id']}' FINAL")
    await settle(columnar)
    return filled


async def _has_reads(columnar: Columnar, first: int, last: int) -> bool:
    rows = await columnar.query(
        f"SELECT count() AS n FROM (SELECT 1 FROM reads_by_camera WHERE captured_at >= toDateTime64({first}, 3, 'UTC')"
        f" AND captured_at < toDateTime64({last}, 3, 'UTC') LIMIT 1)"
    )
    return bool(rows[0]["n"])


async def settle(columnar: Columnar, seconds_max: float = 600) -> None:
    """Wait until no merge runs for two seconds: a store of a year has had its time to merge."""
    deadline, quiet_since = time.monotonic() + seconds_max, time.monotonic()
    while time.monotonic() < deadline and time.monotonic() - quiet_since < 2:
        rows = await columnar.query("SELECT count() AS n FROM system.merges")
        if rows[0]["n"]:
            quiet_since = time.monotonic()


async def stored_bytes(columnar: Columnar, *tables: str) -> int:
    """Bytes on disk of active parts."""
    names = ",".join(f"'{table}'" for table in tables)
    rows = await columnar.query(
        f"SELECT sum(bytes_on_disk) AS n FROM system.parts WHERE active AND database = currentDatabase() AND table IN ({names})"
    )
    return int(rows[0]["n"])


def register(place: Nation) -> None:
    """The cameras that the reads come from: numbers 1 to CAMERAS, as an empty platform gives them."""
    place.cli("sources", "add", "history", "--agency", AGENCY, "--format", "native", "--json")
    path: Path = place.data.parent / "history.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["external_id", "name", "agency", "source", "latitude", "longitude", "road", "bearing"])
        for number in range(CAMERAS):
            writer.writerow(
                [
                    f"h-{number}",
                    f"history {number}",
                    AGENCY,
                    "history",
                    f"{50.5 + number // 140 * 0.05:.4f}",
                    f"{-5 + number % 140 * 0.05:.4f}",
                    "A1",
                    90,
                ]
            )
    place.cli("cameras", "import", str(path), "--json")
    asyncio.run(_heard(place))


async def _heard(place: Nation) -> None:
    """Count the cameras as heard of, as those of a year's reads are: a camera never heard of is a gap in every answer."""
    urls = recorded_urls(place.data)
    assert urls is not None
    records = await asyncpg.connect(urls.database_url)
    await records.execute(
        "INSERT INTO anpr_camera_health (camera, first_received_at, last_received_at) SELECT number, now(), now() FROM anpr_cameras"
    )
    await records.close()
