"""Ranks: a configured list, lowest first, so that policy can say "inspector or above"."""

from __future__ import annotations

from bluelamp.spine.config import PlatformSettings
from bluelamp.spine.errors import InvalidError

RANK_LENGTH_MAX = 60


class UnknownRankError(InvalidError):
    code = "unknown_rank"


def ranks_of(settings: PlatformSettings) -> tuple[str, ...]:
    """The configured ranks, lowest first."""
    return tuple(dict.fromkeys(rank for part in settings.ranks.split(",") if (rank := part.strip().casefold())))


def checked_rank(settings: PlatformSettings, rank: str) -> str:
    """The rank as it is configured; empty stays empty.

    Raises:
        UnknownRankError: not among the configured ones.
    """
    plain = " ".join(rank.split()).casefold()
    if plain and plain not in ranks_of(settings):
        raise UnknownRankError(f"there is no rank {rank[:RANK_LENGTH_MAX]!r}; choose among {', '.join(ranks_of(settings))}")
    return plain


def is_at_least(settings: PlatformSettings, rank: str, least: str) -> bool:
    """Whether `rank` is `least` or above it. A rank that is not configured is above nothing."""
    order = ranks_of(settings)
    return rank in order and least in order and order.index(rank) >= order.index(least)
