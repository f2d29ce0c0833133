"""The bill of materials, the rules it is held to, and the comparison with advisories."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from supply import audit, sbom
from supply.locks import NPM, PYTHON, ROOT, Package, packages, read_python, read_web
from supply.rules import EXCEPTIONS, wrong

FOUND = packages()
GOOD = Package("PyPI", "thing", "1.2.0", (("sha256", "ab" * 32),), "MIT", True)


def test_the_locks_keep_the_rules() -> None:
    assert wrong(FOUND) == []


def test_everything_locked_is_in_the_bill() -> None:
    bill = sbom.bill(FOUND)
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    refs = {component["bom-ref"] for component in bill["components"]}
    assert len(refs) == len(bill["components"]) == len(FOUND) > 200
    assert {"fastapi", "svelte"} <= {component["name"] for component in bill["components"]}
    assert all(component["hashes"] for component in bill["components"])
    named = {ref for dependency in bill["dependencies"] for ref in (dependency["ref"], *dependency["dependsOn"])}
    assert named == refs | {bill["metadata"]["component"]["bom-ref"]}
    assert json.dumps(bill) == json.dumps(sbom.bill(packages())), "the same locks give the same bill"
    (fastapi,) = (d for d in bill["dependencies"] if d["ref"].startswith("pkg:pypi/fastapi@"))
    assert any(ref.startswith("pkg:pypi/starlette@") for ref in fastapi["dependsOn"])


@pytest.mark.parametrize(
    ("package", "told"),
    [
        (GOOD, ""),
        (GOOD._replace(hashes=()), "has no strong hash"),
        (GOOD._replace(hashes=(("sha1", "ab"),)), "has no strong hash"),
        (GOOD._replace(licence="AGPL-3.0-or-later"), "not among those allowed"),
        (GOOD._replace(licence="GNU General Public License v3 (GPLv3)"), "not among those allowed"),
        (GOOD._replace(licence="Something of our own"), "not among those allowed"),
        (GOOD._replace(licence="(MIT OR GPL-3.0)"), ""),
        (GOOD._replace(licence="MIT AND GPL-3.0"), "not among those allowed"),
        (GOOD._replace(ecosystem="npm", licence=""), "declares no licence"),
        (GOOD._replace(ecosystem="npm", name="event-stream", version="3.3.6"), "forbidden"),
        (GOOD._replace(name="pycrypto", version="2.6"), "forbidden"),
    ],
)
def test_a_broken_rule_is_told(package: Package, told: str) -> None:
    found = wrong([package])
    assert (told in found[0]) if told else not found


@pytest.mark.parametrize(
    ("lock", "line"),
    [
        ("requirements.lock", "--index-url https://pypi.example/simple"),
        ("requirements.lock", "thing @ git+ssh://example/thing"),
        ("web/package-lock.json", '"resolved": "https://registry.example/a.tgz",'),
    ],
)
def test_an_address_in_a_lock_is_told(tmp_path: Path, lock: str, line: str) -> None:
    for name in (*PYTHON, *NPM):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(line if name == lock else "")
    assert [problem.partition(",")[0] for problem in wrong([], tmp_path)] == [lock]


def test_the_exceptions_are_needed() -> None:
    names = {f"{package.ecosystem} {package.name}" for package in FOUND}
    assert names >= EXCEPTIONS.keys()


def test_locks_are_read_with_hashes_and_needs() -> None:
    lock = "a-thing[fast]==1.0 ; python_version < '4' \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n"
    lock += "    # via\n    #   b\n    #   c.d\nb==2\n"
    one, two = read_python(lock, shipped=True)
    assert (one.name, one.version, one.hashes, one.needed_by) == ("a-thing", "1.0", (("sha256", "aa"), ("sha256", "bb")), ("b", "c-d"))
    assert (two.name, two.hashes) == ("b", ())
    web = {"packages": {"": {}, "node_modules/own": {"link": True}, "node_modules/@x/y": {"version": "1", "integrity": "sha512-AAE="}}}
    assert read_web(json.dumps(web)) == [Package("npm", "@x/y", "1", (("sha512", "0001"),), "", True)]
    assert read_web(json.dumps(web))[0].purl == "pkg:npm/%40x/y@1"


def advisory(ecosystem: str = "PyPI", name: str = "thing", **affected: Any) -> dict[str, Any]:
    return {"id": "TEST-1", "summary": "a hole", "affected": [{"package": {"ecosystem": ecosystem, "name": name}} | affected]}


def between(*events: dict[str, str], kind: str = "ECOSYSTEM") -> dict[str, Any]:
    return {"ranges": [{"type": kind, "events": list(events)}]}


@pytest.mark.parametrize(
    ("told", "is_affected"),
    [
        (advisory(versions=["1.2.0"]), True),
        (advisory(versions=["1.2"]), False),
        (advisory(**between({"introduced": "0"})), True),
        (advisory(**between({"introduced": "0"}, {"fixed": "1.2.0"})), False),
        (advisory(**between({"introduced": "0"}, {"fixed": "1.10"})), True),
        (advisory(**between({"introduced": "1.2.0rc1"}, {"last_affected": "1.2.0"})), True),
        (advisory(**between({"introduced": "0"}, {"last_affected": "1.1.9"})), False),
        (advisory(**between({"introduced": "0"}, {"fixed": "1.0"}, {"introduced": "1.1"}, {"fixed": "1.3"})), True),
        (advisory(**between({"introduced": "0"}, {"fixed": "1.0"}, {"introduced": "1.3"})), False),
        (advisory(**between({"introduced": "0"}, kind="GIT")), False),
        (advisory("npm", **between({"introduced": "0"})), False),
        (advisory(name="Thing", **between({"introduced": "0"})), True),
        (advisory(name="other", **between({"introduced": "0"})), False),
        (advisory(**between({"introduced": "0"})) | {"withdrawn": "2026-01-01T00:00:00Z"}, False),
    ],
)
def test_an_advisory_speaks_of_the_versions_it_names(told: dict[str, Any], is_affected: bool) -> None:
    assert bool(audit.findings([GOOD], iter([told]))) is is_affected


@pytest.mark.parametrize(
    ("version", "is_affected"), [("1.2.3", False), ("1.2.3-rc.2", True), ("1.2.3-rc.1", False), ("1.2.2", False), ("1.10.0", False)]
)
def test_versions_of_the_web_are_semantic(version: str, is_affected: bool) -> None:
    told = advisory("npm", **between({"introduced": "1.2.3-rc.2"}, {"fixed": "1.2.3"}, kind="SEMVER"))
    assert bool(audit.findings([GOOD._replace(ecosystem="npm", version=version)], iter([told]))) is is_affected


def _dump(folder: Path, shape: str, told: list[dict[str, Any]]) -> Path:
    if shape == "zip":
        with zipfile.ZipFile(folder / "all.zip", "w") as archive:
            for number, one in enumerate(told):
                archive.writestr(f"../../{number}.json", json.dumps(one))
        return folder / "all.zip"
    file = folder / f"all.{'json' if shape == 'folder' else shape}"
    file.write_text("\n".join(map(json.dumps, told)) if shape == "jsonl" else json.dumps(told))
    return folder if shape == "folder" else file


@pytest.mark.parametrize("shape", ["zip", "json", "jsonl", "folder"])
def test_the_command_tells_what_a_dump_says(tmp_path: Path, shape: str, capsys: pytest.CaptureFixture[str]) -> None:
    (ours,) = (package for package in FOUND if package.name == "fastapi")
    told = [advisory(name="FastAPI", versions=[ours.version]), advisory(name="nowhere", versions=["1"])]
    assert audit.main([str(_dump(tmp_path, shape, told))]) == 1
    said = capsys.readouterr().out
    assert f"PyPI fastapi {ours.version}: TEST-1 (a hole); not mended yet" in said
    assert f"{len(FOUND)} packages, 2 advisories, 1 findings" in said
    assert audit.main([str(_dump(tmp_path, shape, told[1:]))]) == 0


@pytest.mark.parametrize("content", ["", "{", "[]"])
def test_a_dump_that_is_none_is_no_good_news(tmp_path: Path, content: str) -> None:
    (tmp_path / "a.json").write_text(content)
    assert audit.main([str(tmp_path / "a.json")]) == 2
    assert audit.main([str(tmp_path / "not there")]) == 2


def test_a_swollen_advisory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "ADVISORY_BYTES_MAX", 1000)
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.json", b"0" * (10 << 20))
    assert audit.main([str(tmp_path / "bomb.zip")]) == 2


def test_the_bill_is_written_where_it_is_asked_for(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "supply.sbom", str(tmp_path / "deep" / "a.json")], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    assert json.loads((tmp_path / "deep" / "a.json").read_text())["components"]
