"""Exports over HTTP: what leaves the platform carries its provenance, can be proven unchanged, and is on record."""

from __future__ import annotations

import csv
import hashlib
import io
import json

import pypdf
import pytest

from bluelamp.anpr.searching.exports.sheet import MARKING
from bluelamp.anpr.searching.exports.tables import safe_cell
from bluelamp.anpr.settings import HistorySettings, history_settings
from tests.anpr.searches.conftest import JPEG, History, plate


async def exported(history: History, vrm: str, output: str) -> tuple[dict, bytes]:
    made = await history.wait(1, vrm=vrm)
    client = history.platform.client("analyst")
    answer = await client.post(f"/v1/anpr/searches/{made['id']}/exports", json={"format": output})
    assert answer.status_code == 201, answer.text
    export = answer.json()
    assert {file["name"] for file in export["files"]} == {f"reads.{output}", "manifest.json"}
    contents = {}
    for file in export["files"]:
        got = await client.get(file["href"])
        assert hashlib.sha256(got.content).hexdigest() == file["sha256"]
        assert len(got.content) == file["bytes"]
        assert "attachment" in got.headers["content-disposition"]
        contents[file["name"]] = got.content
    manifest = json.loads(contents["manifest.json"])
    assert manifest["files"] == [
        {k: v for k, v in file.items() if k != "href"} for file in export["files"] if file["name"] != "manifest.json"
    ]
    assert (manifest["marking"], manifest["purpose"], manifest["count"]) == (MARKING, "test", export["count"])
    return export, contents[f"reads.{output}"]


async def test_csv_cannot_be_a_formula(history: History) -> None:
    vrm = plate()
    await history.send(history.read(vrm, make="=HYPERLINK(0)", model="-1", plate_image=JPEG))
    _, content = await exported(history, vrm, "csv")
    (row,) = csv.DictReader(io.StringIO(content.decode("utf-8-sig")))
    assert (row["vrm"], row["make"], row["model"]) == (vrm, "'=HYPERLINK(0)", "'-1")
    assert len(row["plate_picture_sha256"]) == 64
    assert safe_cell("@x") == "'@x"
    assert safe_cell(-2.5) == -2.5


async def test_geojson_has_a_point_a_read(history: History) -> None:
    vrm = plate()
    await history.send(history.read(vrm))
    export, content = await exported(history, vrm, "geojson")
    document = json.loads(content)
    (feature,) = document["features"]
    assert feature["geometry"]["type"] == "Point"
    assert feature["properties"]["vrm"] == vrm
    assert document["provenance"]["export"] == export["id"]


async def test_the_courts_copy_says_who_when_why_and_what_may_be_missing(history: History) -> None:
    vrm = plate()
    await history.send(*(history.read(vrm, 60 + at, make="<b>&") for at in range(60)))
    await history.wait(60, vrm=vrm)
    _, content = await exported(history, vrm, "pdf")
    pages = [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages]
    assert len(pages) >= 3
    for at, page in enumerate(pages, 1):
        assert page.count(MARKING) == 2
        assert f"Page {at} of {len(pages)}" in page
    for said in ("Made by", "analyst", "Kentmere Police", "tests of search", vrm, "What may be missing"):
        assert any(said in page for page in pages), said


async def test_an_export_is_a_disclosure_on_record_and_its_makers_alone(history: History) -> None:
    vrm = plate()
    await history.send(history.read(vrm))
    export, _ = await exported(history, vrm, "csv")
    client = history.platform.client("analyst")
    entries = (await client.get("/v1/audit", params={"action": "anpr.exports", "limit": 50})).json()["items"]
    mine = [entry for entry in entries if entry["detail"].get("export") == export["id"]]
    assert {(entry["kind"], entry["action"]) for entry in mine} == {
        ("disclosure", "anpr.exports.make"), ("disclosure", "anpr.exports.download"),
    }  # fmt: skip
    assert (await history.platform.client("control").get(export["files"][0]["href"])).status_code == 404
    assert (await history.platform.client("officer").get(export["files"][0]["href"])).status_code == 403


async def test_more_than_one_export_may_hold_is_refused_whole(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    vrm = plate()
    await history.send(*(history.read(vrm, 60 + at) for at in range(3)))
    made = await history.wait(3, vrm=vrm)
    history_settings.cache_clear()
    monkeypatch.setenv("BLUELAMP_ANPR_EXPORT_READS_MAX", "2")
    assert HistorySettings().export_reads_max == 2
    try:
        answer = await history.platform.client("analyst").post(f"/v1/anpr/searches/{made['id']}/exports", json={"format": "csv"})
    finally:
        monkeypatch.undo()
        history_settings.cache_clear()
    assert (answer.status_code, answer.json()["code"]) == (422, "export_too_large")
