"""Exports that programs read: CSV (RFC 4180) and GeoJSON (RFC 7946), and the manifest that proves them unchanged."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from typing import Any

from bluelamp.anpr.searching.exports.sheet import Sheet

COLUMNS = (
    "read", "vrm", "seen_as", "captured_at", "camera", "camera_name", "agency", "road", "longitude", "latitude", "confidence",
    "likelihood", "direction", "lane", "make", "model", "colour", "class", "plate_picture_sha256", "overview_picture_sha256",
)  # fmt: skip

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def safe_cell(value: Any) -> Any:
    """A text that a spreadsheet would take for a formula, with an apostrophe before it (OWASP, "CSV Injection")."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def to_csv(sheet: Sheet) -> bytes:
    """One line a read, UTF-8 with a byte order mark, so that spreadsheets take it for what it is."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for item in sheet.items:
        writer.writerow([safe_cell(value) for value in _row(item).values()])
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def to_geojson(sheet: Sheet) -> bytes:
    """A FeatureCollection: a point a read, provenance as a foreign member (RFC 7946, section 6.1)."""
    features = [
        {
            "type": "Feature",
            "id": item["id"],
            "geometry": item["camera"]["position"],
            "properties": {name: value for name, value in _row(item).items() if name not in ("longitude", "latitude")},
        }
        for item in sheet.items
    ]
    document = {"type": "FeatureCollection", "features": features, "provenance": {**sheet.provenance(), "gaps": sheet.gaps}}
    return json.dumps(document, ensure_ascii=False, indent=1).encode()


def _row(item: dict[str, Any]) -> dict[str, Any]:
    camera = item["camera"]
    longitude, latitude = camera["position"]["coordinates"] if camera["position"] else ("", "")
    hashes = {image["kind"]: image["sha256"] for image in item["images"]}
    values = (
        item["id"], item["vrm"], item["seen_as"], item["captured_at"], camera["id"], camera["name"], camera["agency"], camera["road"],
        longitude, latitude, item["confidence"], item["likelihood"], item["direction"], item["lane"] or "", item["make"],
        item["model"], item["colour"], item["class"], hashes.get("plate", ""), hashes.get("overview", ""),
    )  # fmt: skip
    return dict(zip(COLUMNS, values, strict=True))


def to_manifest(sheet: Sheet, files: dict[str, bytes]) -> bytes:
    """`manifest.json`: SHA-256 and size of every other file, with provenance."""
    listed = [{"name": name, "sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)} for name, content in files.items()]
    return json.dumps({**sheet.provenance(), "algorithm": "SHA-256", "files": listed}, ensure_ascii=False, indent=1).encode()
