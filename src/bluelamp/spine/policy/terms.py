"""What policies speak of and the installation configures: tiers of age, ranks and purposes. Thresholds are never in code."""

from __future__ import annotations

from typing import NamedTuple

from bluelamp.spine.config import PlatformSettings
from bluelamp.spine.organisations.ranks import ranks_of
from bluelamp.spine.policy.facts import Facts, Tier, parse_tiers
from bluelamp.spine.purposes import PurposeTerms, configured


class Terms(NamedTuple):
    """The configuration that decisions read beside their facts."""

    tiers: tuple[Tier, ...]
    """Youngest first."""
    ranks: tuple[str, ...]
    """Lowest first."""
    authority_rank: str
    """The lowest rank that may give authority."""
    purposes: dict[str, PurposeTerms]

    def purpose(self, code: str) -> PurposeTerms:
        """A purpose that is not configured opens nothing."""
        return self.purposes.get(code) or PurposeTerms(code, code, opens="", opens_with_authority="")

    def level(self, rank: str) -> int:
        """From 1, the lowest; 0 for a rank that is not configured."""
        return self.ranks.index(rank) + 1 if rank in self.ranks else 0

    def gives_authority(self, rank: str) -> bool:
        return 0 < self.level(self.authority_rank) <= self.level(rank)

    def opened(self, up_to: str) -> list[str]:
        """The names of all tiers up to this one; `*`: of all of them."""
        names = [tier.name for tier in self.tiers]
        if up_to == "*":
            return names
        return names[: names.index(up_to) + 1] if up_to in names else []

    def words(self, facts: Facts) -> dict[str, str]:
        """What the policies' sentences may name in braces."""
        return self.plain_words() | {"purpose": self.purpose(facts.purpose).name or "no purpose", "age_days": str(facts.age_days)}

    def plain_words(self) -> dict[str, str]:
        """What they may name of the configuration; a purpose and an age are those of a look."""
        days = {f"{tier.name}_days": str(tier.days) for tier in self.tiers}
        oldest = {"oldest_days": str(self.tiers[-1].days)} if self.tiers else {}
        return days | oldest | {"authority_rank": self.authority_rank, "purpose": "the stated purpose", "age_days": "so many"}


NOTHING = Terms((), (), "", {})


def terms_of(settings: PlatformSettings) -> Terms:
    """The configured terms.

    Raises:
        ValueError: tiers, ranks or purposes do not fit together.
    """
    tiers = parse_tiers(settings.age_tiers)
    ranks = ranks_of(settings)
    least = settings.authority_rank.strip().casefold()
    if least not in ranks:
        raise ValueError(f"authority_rank: {least!r} is not among the ranks {', '.join(ranks)}")
    purposes = {terms.code: terms for terms in configured(settings)}
    names = {"", "*", *(tier.name for tier in tiers)}
    for terms in purposes.values():
        if not {terms.opens, terms.opens_with_authority} <= names:
            raise ValueError(f"the purpose {terms.code!r} opens a tier that is not configured: {settings.age_tiers}")
    return Terms(tiers, ranks, least, purposes)
