"""`python -m supply.sbom [FILE]`: a CycloneDX 1.6 bill of materials from the locks, and whether it keeps the rules. Needs no network."""

from __future__ import annotations

import argparse
import json
import sys
import uuid
from importlib.metadata import version
from pathlib import Path
from typing import Any

from supply.locks import Package, packages
from supply.rules import wrong

_ALGORITHMS = {"sha1": "SHA-1", "sha256": "SHA-256", "sha384": "SHA-384", "sha512": "SHA-512"}


def _component(package: Package) -> dict[str, Any]:
    told: dict[str, Any] = {
        "type": "library",
        "bom-ref": package.purl,
        "name": package.name,
        "version": package.version,
        "purl": package.purl,
        "scope": "required" if package.shipped else "excluded",
        "hashes": [{"alg": _ALGORITHMS[algorithm], "content": digest} for algorithm, digest in package.hashes],
    }
    if package.licence:
        told["licenses"] = [{"license": {"name": package.licence}}]
    return told


def _dependencies(found: list[Package], root_ref: str) -> list[dict[str, Any]]:
    refs = {package.name: package.purl for package in found if package.ecosystem == "PyPI"}
    needs: dict[str, set[str]] = {ref: set() for ref in (root_ref, *(package.purl for package in found))}
    for package in found:
        for name in package.needed_by or (("bluelamp",) if package.ecosystem == "npm" else ()):
            needs[refs.get(name, root_ref)].add(package.purl)
    return [{"ref": ref, "dependsOn": sorted(below)} for ref, below in sorted(needs.items())]


def bill(found: list[Package]) -> dict[str, Any]:
    """The document. The same locks give the same bytes: it holds no time and no chance."""
    own = version("bluelamp")
    root_ref = f"pkg:pypi/bluelamp@{own}"
    number = uuid.uuid5(uuid.NAMESPACE_URL, " ".join(package.purl + "".join(d for _, d in package.hashes) for package in found))
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{number}",
        "version": 1,
        "metadata": {"component": {"type": "application", "bom-ref": root_ref, "name": "bluelamp", "version": own, "purl": root_ref}},
        "components": [_component(package) for package in found],
        "dependencies": _dependencies(found, root_ref),
    }


def main(arguments: list[str] | None = None) -> int:
    """Check the rules and, where FILE is given, write the bill there."""
    parser = argparse.ArgumentParser(prog="python -m supply.sbom", description=main.__doc__)
    parser.add_argument("file", type=Path, nargs="?")
    given = parser.parse_args(arguments)
    found = packages()
    if given.file is not None:
        given.file.parent.mkdir(parents=True, exist_ok=True)
        given.file.write_text(json.dumps(bill(found), indent=1, ensure_ascii=False) + "\n", "utf-8")
    broken = wrong(found)
    for problem in broken:
        sys.stderr.write(f"supply: {problem}\n")
    sys.stdout.write(f"supply: {len(found)} packages in the bill of materials, {len(broken)} broken rules\n")
    return bool(broken)


if __name__ == "__main__":
    sys.exit(main())
