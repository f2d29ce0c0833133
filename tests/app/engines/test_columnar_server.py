"""ClickHouse's HTTP interface over chDB, as clickhouse-connect and plain HTTP meet it."""

from __future__ import annotations

import asyncio
import gzip
import time
from datetime import UTC, datetime
from urllib.parse import urlsplit

import clickhouse_connect
import httpx
import pyarrow as pa
import pytest
from clickhouse_connect.driver.exceptions import DatabaseError

from bluelamp.spine.columnar import Columnar
from bluelamp.spine.errors import EngineDownError


@pytest.fixture(scope="module")
def client(engines):
    made = clickhouse_connect.get_client(dsn=engines.columnar_url, autogenerate_session_id=False)
    made.command("CREATE DATABASE IF NOT EXISTS interface")
    columns = "a UInt64, s LowCardinality(String), d DateTime64(3, 'UTC')"
    made.command(f"CREATE OR REPLACE TABLE interface.t ({columns}) ENGINE = MergeTree ORDER BY a")
    yield made
    made.command("DROP DATABASE interface")
    made.close()


@pytest.fixture
def http(engines):
    with httpx.Client(base_url=engines.columnar_url) as made:
        yield made


def arrow(rows: int) -> bytes:
    table = pa.table(
        {"a": list(range(rows)), "s": ["x"] * rows, "d": pa.array([datetime(2026, 1, 2, tzinfo=UTC)] * rows, pa.timestamp("ms", "UTC"))}
    )
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


@pytest.mark.parametrize("value", ["o'brien", "tab\tline\nback\\slash", "</b>é Ж ' OR 1=1 --", ""])
def test_parameters_arrive_as_they_were_sent(client, value):
    rows = client.query("SELECT {v:String}, {l:Array(String)}", parameters={"v": value, "l": [value, "b"]}).result_rows
    assert rows == [(value, [value, "b"])]


def test_many_parameters_travel_in_a_form(client):
    plates = [f"AB12 {n:05d}" for n in range(5000)]
    assert client.query("SELECT length({p:Array(String)})", parameters={"p": plates}).result_rows == [(5000,)]


def test_an_empty_answer_still_has_its_columns(client):
    answer = client.query("SELECT a, s FROM interface.t WHERE a = {a:UInt64}", parameters={"a": 12345678})
    assert answer.column_names == ("a", "s")
    assert answer.result_rows == []


@pytest.mark.parametrize("compress", [False, "lz4", "gzip"])
def test_rows_go_in_and_come_out_in_every_way(engines, client, compress):
    client.command("TRUNCATE TABLE interface.t")
    other = clickhouse_connect.get_client(dsn=engines.columnar_url, database="interface", compress=compress)
    when = datetime(2026, 1, 2, 3, 4, 5, 678000)  # noqa: DTZ001 - the client answers without a zone
    other.insert("t", [[1, "x", when], [2, "y", when]], column_names=["a", "s", "d"])
    assert other.insert_arrow("t", pa.ipc.open_stream(arrow(3)).read_all()).written_rows == 3
    assert other.command("SELECT count() FROM t") == 5
    assert other.query("SELECT a, s, d FROM t WHERE s = 'y'").result_rows == [(2, "y", when)]
    assert other.query_arrow("SELECT a FROM t ORDER BY a").column("a").to_pylist() == [0, 1, 1, 2, 2]
    assert other.raw_query("SELECT count() AS n FROM t", fmt="JSONEachRow") == b'{"n":5}\n'


def test_a_raw_insert_as_the_writer_sends_it(client, http):
    client.command("TRUNCATE TABLE interface.t")
    sql = "INSERT INTO interface.t (a, s, d) FORMAT ArrowStream"
    assert http.post("/", params={"query": sql}, content=arrow(20_000)).status_code == 200
    assert http.post("/", content=sql.encode() + b"\n" + arrow(1000)).status_code == 200
    zipped = gzip.compress(arrow(500))
    assert http.post("/", params={"query": sql}, content=zipped, headers={"Content-Encoding": "gzip"}).status_code == 200
    values = http.post("/", content="INSERT INTO interface.t VALUES (1, 'v', now64(3))")
    assert values.status_code == 200
    assert client.command("SELECT count() FROM interface.t") == 21_501


def test_a_large_answer_streams(client):
    with client.query_row_block_stream("SELECT number FROM numbers(500000)") as blocks:
        assert sum(len(block) for block in blocks) == 500_000


@pytest.mark.parametrize(
    ("sql", "code", "status"),
    [
        ("SELECT nope", 47, 404),
        ("SELECT FROM WHERE", 62, 400),
        ("SELECT * FROM nowhere", 60, 404),
        ("SELECT 1; DROP TABLE interface.t", 62, 400),
        ("", 62, 400),
        ("INSERT INTO interface.t FORMAT ArrowStream\ngarbage", 117, 400),
        ("INSERT INTO interface.nowhere FORMAT ArrowStream\ngarbage", 60, 404),
    ],
)
def test_errors_carry_clickhouses_code_and_a_fitting_status(client, http, sql, code, status):
    answer = http.post("/", content=sql)
    assert (answer.status_code, answer.headers["X-ClickHouse-Exception-Code"]) == (status, str(code))
    assert answer.text.startswith(f"Code: {code}. DB::Exception: ")


def test_an_answer_that_fails_midway_is_broken_off_not_cut_short(http):
    with pytest.raises(httpx.RemoteProtocolError):
        http.post("/", content="SELECT throwIf(number = 5000000) FROM numbers(6000000) FORMAT TSV")


def test_a_query_keeps_to_its_time_and_an_unknown_setting_is_refused(client):
    with pytest.raises(DatabaseError, match="TIMEOUT_EXCEEDED"):
        client.query("SELECT sum(sipHash64(number)) FROM numbers(1000000000000)", settings={"max_execution_time": 1})
    with pytest.raises(DatabaseError, match="UNKNOWN_SETTING"):
        client.query("SELECT 1", settings={"no_such_setting": 1})


def test_settings_and_databases_do_not_leak_from_one_request_to_the_next(http):
    http.post("/", content="SET max_threads = 7")
    http.post("/", content="USE system")
    assert http.post("/", content="SELECT currentDatabase()").text == "default\n"
    told = http.post(
        "/", params={"database": "system", "log_comment": "it's & all"}, content="SELECT currentDatabase(), getSetting('log_comment')"
    )
    assert told.text == "system\tit\\'s & all\n"


def test_nobody_enters_without_the_password(engines):
    bare = engines.columnar_url.split("@")[1]
    for auth in (
        None,
        ("bluelamp", ""),
        ("bluelamp", "wrong"),
        ("root", urlsplit(engines.columnar_url).password),
    ):
        answer = httpx.post(f"http://{bare}/", content="SELECT 1", auth=auth)
        assert answer.status_code == 401
        assert answer.headers["X-ClickHouse-Exception-Code"] == "516"
    assert httpx.get(f"http://{bare}/ping").text == "Ok.\n"


def test_get_reads_but_does_not_write(client, http):
    assert http.get("/", params={"query": "SELECT 1"}).text == "1\n"
    assert http.get("/", params={"query": "DROP TABLE interface.t"}).status_code == 403


async def test_a_long_search_stops_neither_inserts_nor_short_questions(engines, client):
    async with httpx.AsyncClient(base_url=engines.columnar_url, timeout=60) as http:
        long = asyncio.create_task(http.post("/", content="SELECT sum(sipHash64(number)) FROM numbers(20000000000)"))
        for _ in range(5):
            assert (await http.post("/", content="SELECT 1")).text == "1\n"
            insert = await http.post("/", params={"query": "INSERT INTO interface.t FORMAT ArrowStream"}, content=arrow(1000))
            assert insert.status_code == 200
        assert not long.done()
        long.cancel()


async def test_a_caller_who_hangs_up_stops_the_query(engines):
    async with httpx.AsyncClient(base_url=engines.columnar_url, timeout=60) as http:
        mark = "SELECT sum(sipHash64(number)) FROM numbers(30000000000)"
        running = f"SELECT count() FROM system.processes WHERE query LIKE '{mark}%'"
        long = asyncio.create_task(http.post("/", content=mark))
        deadline = time.monotonic() + 20
        while (await http.post("/", content=running)).text != "1\n":
            assert time.monotonic() < deadline
            await asyncio.sleep(0.05)
        long.cancel()
        while (await http.post("/", content=running)).text != "0\n":
            assert time.monotonic() < deadline
            await asyncio.sleep(0.05)


async def test_rows_refused_for_want_of_memory_are_worth_repeating_bad_rows_are_not(engines, client):
    store = await Columnar.open(engines.columnar_url)
    try:
        rows = pa.ipc.open_stream(arrow(50_000)).read_all()
        with pytest.raises(EngineDownError):
            await store.insert("interface.t", rows, max_memory_usage=1000)
        with pytest.raises(DatabaseError):
            await store.insert("interface.t", pa.table({"nowhere": [1]}))
    finally:
        await store.close()
