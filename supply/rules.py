"""What the bill of materials is held to: free licences, hashes everywhere, no download addresses, nothing that is known to be bad."""

from __future__ import annotations

import re
from pathlib import Path

from supply.locks import NPM, PYTHON, ROOT, Package

ALLOWED = re.compile(
    r"\b(MIT|MIT-0|BSD|Apache|ISC|PSF|Python Software Foundation|Python-2\.0|PostgreSQL|Zlib|Unlicense|0BSD|CNRI|HPND|Public Domain"
    r"|CC0|BlueOak|CC-BY)",
    re.IGNORECASE,
)
REFUSED = re.compile(r"\b(AGPL|GPL-|GPLv|LGPL|GNU|SSPL|BUSL|Elastic|Commons Clause|Non-?Commercial)", re.IGNORECASE)

EXCEPTIONS = {
    "PyPI certifi": "MPL-2.0: the certificates of authorities, unchanged",
    "PyPI hypothesis": "MPL-2.0: tests only, unchanged",
    "PyPI pathspec": "MPL-2.0: builds only, unchanged",
    "npm axe-core": "MPL-2.0: tests only, unchanged",
    "npm lightningcss": "MPL-2.0: builds only, unchanged; so are its binaries by platform (lightningcss-…)",
}
"""Weak copyleft by name, with the reason. May only shrink."""

FORBIDDEN: dict[str, tuple[str, str]] = {
    # Releases that were found to carry somebody else's program, or that their authors took back. Version "" means every one.
    "npm event-stream": ("3.3.6", "stole from wallets"),
    "npm ua-parser-js": ("0.7.29", "mined and stole passwords"),
    "npm colors": ("1.4.1", "looped for ever on purpose"),
    "npm node-ipc": ("10.1.1", "overwrote files by country"),
    "npm chalk": ("5.6.1", "changed payments in the browser"),
    "npm debug": ("4.4.2", "changed payments in the browser"),
    "PyPI jeilyfish": ("", "a name made to be mistaken for jellyfish"),
    "PyPI python3-dateutil": ("", "a name made to be mistaken for python-dateutil"),
    "PyPI ultralytics": ("8.3.41", "mined"),
    "PyPI pycrypto": ("", "abandoned, with known holes: use cryptography"),
    "PyPI python-jose": ("", "abandoned for years, algorithm confusion: use another"),
}


def wrong(packages: list[Package], root: Path = ROOT) -> list[str]:
    """Every broken rule, in words; empty where all is well."""
    found = [problem for package in packages for problem in _of(package)]
    for lock in (*PYTHON, *NPM):
        found += _addresses(lock, (root / lock).read_text("utf-8"))
    return found


def _of(package: Package) -> list[str]:
    name = f"{package.ecosystem} {package.name}"
    found = []
    if not any(algorithm in {"sha256", "sha384", "sha512"} for algorithm, _ in package.hashes):
        found.append(f"{name} {package.version} has no strong hash in the lock: run make lock")
    version, why = FORBIDDEN.get(name, (None, ""))
    if version is not None and version in {"", package.version}:
        found.append(f"{name} {package.version} is forbidden: {why}")
    is_excepted = any(name == one or name.startswith(f"{one}-") for one in EXCEPTIONS)
    if not is_excepted and package.licence and not _is_free(package.licence):
        found.append(f"{name} {package.version}: the licence {package.licence!r} is not among those allowed (supply/rules.py)")
    if package.ecosystem == "npm" and not package.licence:
        found.append(f"{name} {package.version} declares no licence")
    return found


def _is_free(licence: str) -> bool:
    """Whether one may choose a free one: any alternative of `A OR B`, every part of `A AND B`."""
    alternatives = re.split(r"\bOR\b", licence.strip("()"))
    return any(all(ALLOWED.search(part) and not REFUSED.search(part) for part in re.split(r"\bAND\b", one)) for one in alternatives)


def _addresses(lock: str, text: str) -> list[str]:
    # npm's lock tells where to give money ("url" under "funding"), which is no place to download from.
    pattern = r'"resolved": "(?!apps/|packages/)' if lock in NPM else r"\w+://| @ file:|git\+"
    lines = [number for number, line in enumerate(text.splitlines(), 1) if re.search(pattern, line)]
    return [f"{lock}, line {lines[0]}: holds a download address; run make lock"] if lines else []
