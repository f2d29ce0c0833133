"""Every package that the locks name, Python's and the web's, with version, hashes, licence and what needs it."""

from __future__ import annotations

import base64
import json
import re
from email.message import Message
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import NamedTuple, cast

ROOT = Path(__file__).parents[1]
PYTHON = ("requirements.lock", "requirements-dev.lock", "requirements-uv.lock")
SHIPPED = "requirements.lock"
NPM = ("web/package-lock.json", "tests/support/oidc/package-lock.json")
_PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)")
_HASH = re.compile(r"--hash=(sha\d+):([0-9a-f]+)")
_VIA = re.compile(r"^\s+#\s+(?:via\s+)?(?!via\s*$)([A-Za-z0-9._-]+)\s*$")


class Package(NamedTuple):
    """One package of one ecosystem (`PyPI` or `npm`) at one version. `hashes` are pairs of algorithm and hexadecimal digest."""

    ecosystem: str
    name: str
    version: str
    hashes: tuple[tuple[str, str], ...]
    licence: str
    shipped: bool
    """Whether it runs where the platform runs, not only where it is built and tested."""
    needed_by: tuple[str, ...] = ()

    @property
    def purl(self) -> str:
        """github.com/package-url/purl-spec"""
        kind = {"PyPI": "pypi", "npm": "npm"}[self.ecosystem]
        return f"pkg:{kind}/{self.name.replace('@', '%40')}@{self.version.replace('+', '%2B')}"


def plain(name: str) -> str:
    """As PyPI compares names (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def installed_licence(name: str) -> str:
    """What the installed package declares; empty where it is for another platform or declares nothing."""
    try:
        found = distribution(name)
    except PackageNotFoundError:
        return ""
    told = cast("Message", found.metadata)
    classifiers = [c.rpartition("::")[2].strip() for c in told.get_all("Classifier") or [] if c.startswith("License ::")]
    declared = told.get("License-Expression") or "; ".join(classifiers) or (told.get("License") or "").split("\n")[0][:100]
    if declared:
        return declared
    texts = [file for file in found.files or [] if re.search(r"licen[sc]e", file.name, re.IGNORECASE)]
    return " ".join(Path(str(texts[0].locate())).read_text("utf-8", "replace").split()[:6]) if texts else ""


def read_python(text: str, *, shipped: bool) -> list[Package]:
    """A lock of `uv pip compile --generate-hashes`."""
    found: list[Package] = []
    pieces = re.split(r"^(?=[A-Za-z0-9._-]+(?:\[[^\]]*\])?==)", text, flags=re.MULTILINE)
    for piece in pieces:
        pin = _PIN.match(piece)
        if pin is None:
            continue
        needed_by = tuple(sorted({plain(via.group(1)) for line in piece.splitlines() if (via := _VIA.match(line))}))
        name = plain(pin[1])
        found.append(Package("PyPI", name, pin[2], tuple(_HASH.findall(piece)), installed_licence(name), shipped, needed_by))
    return found


def read_web(text: str) -> list[Package]:
    """A `package-lock.json` of version 3. Our own packages of the workspace are none of these."""
    found: dict[tuple[str, str], Package] = {}
    for place, told in json.loads(text)["packages"].items():
        if "node_modules/" not in place or told.get("link"):
            continue
        name = place.rpartition("node_modules/")[2]
        algorithm, _, digest = told.get("integrity", "").partition("-")
        hashes = ((algorithm, base64.b64decode(digest).hex()),) if digest else ()
        # What the build bundles is shipped; the rest (`dev`) builds and checks.
        package = Package("npm", name, told["version"], hashes, told.get("license", ""), not told.get("dev", False))
        found[name, package.version] = package
    return list(found.values())


def packages(root: Path = ROOT) -> list[Package]:
    """All of them, each once, in a stable order."""
    found: dict[tuple[str, str, str], Package] = {}
    for lock in PYTHON:
        for package in read_python((root / lock).read_text("utf-8"), shipped=lock == SHIPPED):
            found.setdefault((package.ecosystem, package.name, package.version), package)
    for lock in NPM:
        for package in read_web((root / lock).read_text("utf-8")):
            found.setdefault((package.ecosystem, package.name, package.version), package)
    return [found[key] for key in sorted(found)]
