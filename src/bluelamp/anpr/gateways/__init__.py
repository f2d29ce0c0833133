"""Camera formats: one file a vendor, each a pure function from a request body to captures and refusals.

Adding a format is one file here and one test; see docs/guides/adding-a-camera-format.md.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from bluelamp.anpr.domain import ParsedItem, SourceTerms


class Payload(NamedTuple):
    """One request as it came in."""

    body: bytes
    content_type: str
    """Media type with parameters, as sent; empty where absent."""
    terms: SourceTerms


Parse = Callable[[Payload], list[ParsedItem]]
"""Raises `NotThisFormatError` where nothing in the body can be told apart (HTTP 422), never anything else."""


class Gateway(NamedTuple):
    """A camera format: its name in the intake address, what bodies it takes, and how it reads them."""

    name: str
    content_types: frozenset[str]
    """Media types accepted (415 otherwise); an empty set accepts any, for cameras that send none or a wrong one."""
    parse: Parse
