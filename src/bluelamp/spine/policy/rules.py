"""The second gate: Cedar policies, read from files, validated against the schema, asked through a cache.

Every policy has an `@id` and, in plain English, `@because`: what a refused person reads. A `forbid` also has `@lawful_if`.
"""

from __future__ import annotations

import logging
import re
import time
from collections import OrderedDict
from collections.abc import Hashable
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, NamedTuple

import cedarpy
import msgspec

from bluelamp.spine.policy.facts import Decision, Facts, Tier, tier_of
from bluelamp.spine.policy.reading import HOLES, key_of, read_by
from bluelamp.spine.policy.terms import NOTHING, Terms

log = logging.getLogger(__name__)

SCHEMA = files("bluelamp.spine.policy") / "schema.cedarschema"
SCHEMA_ENDING = ".cedarschema"
CACHE_MAX = 8192
PEOPLE_MAX = 1024
"""How many people's facts are kept in the engine's own form; working out a decision takes half the time with them."""
ERROR = "policy.error"
"""Instead of an id: a policy could not be worked out. A fault of the installation's, and no answer about anybody."""
LOOK_AGAIN_S = 2.0
"""How soon a change in the installation's own folder is seen."""
_ACTION = re.compile(r'"(\w+\.\w+\.\w+)"')


class PolicyError(ValueError):
    """Policies that cannot be used: the message says which file and why."""


class Rule(NamedTuple):
    """One policy as a person reads about it."""

    id: str
    effect: str
    because: str
    lawful_if: str
    file: str
    place: int
    """In the order of the files: also the order in which a refused person reads them."""


class Source(NamedTuple):
    """Text of one policy file."""

    name: str
    text: str


def read_folder(folder: Traversable | Path, prefix: str) -> list[Source]:
    """The policies (`*.cedar`) of a folder and the actions they speak of (`*.cedarschema`), in order of name.

    Raises:
        PolicyError: the folder or a file cannot be read.
    """
    try:
        found = sorted((f for f in folder.iterdir() if f.name.endswith((".cedar", SCHEMA_ENDING))), key=lambda f: f.name)
        return [Source(f"{prefix}/{f.name}", f.read_text("utf-8")) for f in found]
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyError(f"the policies in {folder} cannot be read: {error}") from error


class Rules:
    """Policies in force with the terms they speak of. Never changed: a new reading is a new object, with an empty cache."""

    def __init__(self, sources: tuple[Source, ...] = (), terms: Terms = NOTHING, own_folder: Path | None = None) -> None:
        """`own_folder`: the installation's own policies, read after `sources` and again whenever they change.

        Raises:
            PolicyError: a policy does not parse, does not fit the schema, or lacks its id or its words.
        """
        self._sources = sources
        self.terms = terms
        self.tiers: tuple[Tier, ...] = terms.tiers
        self._own_folder = own_folder
        self._seen = _signature(own_folder)
        self._looked = time.monotonic()
        everything = (*sources, *(read_folder(own_folder, str(own_folder)) if own_folder else ()))
        self.rules, text, self._schema, self._names = _understand(everything)
        self._set = cedarpy.PolicySet.from_str(text)
        self.actions = frozenset(name for s in everything if s.name.endswith(SCHEMA_ENDING) for name in _ACTION.findall(s.text))
        """What policies can be asked about, as the schemas list it."""
        _check_sentences(self.rules, terms)
        self._key = key_of(read_by(text), (words for r in self.rules.values() for words in (r.because, r.lawful_if)), terms)
        self._cache: OrderedDict[Hashable, Decision] = OrderedDict()
        self._people: OrderedDict[bytes, cedarpy.Entities] = OrderedDict()
        # Knows which actions belong to which group; made once, so that a decision need not read the schema again.
        self._actions = cedarpy.Entities.from_json_str("[]", self._schema)

    def current(self) -> Rules:
        """Itself, or what the installation's own folder says by now. A folder that cannot be used changes nothing, and is logged."""
        if self._own_folder is None or time.monotonic() - self._looked < LOOK_AGAIN_S:
            return self
        self._looked = time.monotonic()
        seen = _signature(self._own_folder)
        if seen == self._seen:
            return self
        self._seen = seen
        try:
            return Rules(self._sources, self.terms, self._own_folder)
        except PolicyError:
            log.exception("the changed policies in %s cannot be used: those read before stay in force", self._own_folder)
            return self

    def decide(self, facts: Facts) -> Decision:
        """What the policies say, from memory where they were asked before and nothing that they read was different."""
        key = self._key(facts)
        known = self._cache.get(key)
        if known is not None:
            self._cache.move_to_end(key)
            return known
        decision = self.evaluate(facts)
        self._cache[key] = decision
        if len(self._cache) > CACHE_MAX:
            self._cache.popitem(last=False)
        return decision

    def evaluate(self, facts: Facts) -> Decision:
        """What the policies say, worked out."""
        if facts.action not in self.actions:
            return Decision(False, ("policy.default",), ("No policy speaks of this, and what no policy allows is refused.",))
        result = cedarpy.is_authorized(self._request(facts), self._set, self._ready(facts))
        deciding = [self.rules[self._names[reason]] for reason in result.diagnostics.reasons]
        deciding.sort(key=lambda rule: rule.place)
        if result.diagnostics.errors:
            # A policy that could not be worked out might have been a prohibition.
            log.error("a policy could not be worked out: %s", result.diagnostics.errors[0])
            return Decision(False, (ERROR,), ("A policy could not be worked out, so the answer is no.",))
        words = {**self.terms.words(facts), "action": facts.action}
        if result.allowed:
            return Decision(True, tuple(r.id for r in deciding), tuple(filled(r.because, words) for r in deciding))
        if not deciding:
            return Decision(False, ("policy.default",), ("No policy allows this, and what no policy allows is refused.",))
        lawful_if = dict.fromkeys(filled(r.lawful_if, words) for r in deciding if r.lawful_if)
        return Decision(False, tuple(r.id for r in deciding), tuple(filled(r.because, words) for r in deciding), tuple(lawful_if))

    def _request(self, facts: Facts) -> dict[str, Any]:
        known = self.terms.purpose(facts.purpose)
        return {
            "principal": {"type": "Person", "id": "caller"},
            "action": {"type": "Action", "id": facts.action},
            "resource": {"type": "Record", "id": "asked"},
            "context": {
                "purpose": facts.purpose,
                "offence": known.offence,
                "opens": self.terms.opened(known.opens),
                "opens_with_authority": self.terms.opened(known.opens_with_authority),
                "demonstration": known.demonstration,
                "age_days": facts.age_days,
                "tier": tier_of(self.tiers, facts.age_days),
                "authority": facts.authority,
            },
        }

    def _ready(self, facts: Facts) -> cedarpy.Entities:
        """The person and the record in the engine's form, checked against the schema when they are first met."""
        stated = msgspec.json.encode(self._entities(facts))
        known = self._people.get(stated)
        if known is None:
            known = self._people[stated] = self._actions.with_added_json_str(stated.decode(), self._schema)
            if len(self._people) > PEOPLE_MAX:
                self._people.popitem(last=False)
        else:
            self._people.move_to_end(stated)
        return known

    def _entities(self, facts: Facts) -> list[dict[str, Any]]:
        person = {
            "roles": sorted(facts.roles),
            "rank": facts.rank,
            "rank_level": self.terms.level(facts.rank),
            "gives_authority": facts.deputy or self.terms.gives_authority(facts.rank),
            "unit": facts.unit,
            "agency": facts.agency,
            "acting_for": facts.acting_for,
        }
        record = {"relation": facts.relation, "marking": facts.marking, "mine": facts.mine, "line": facts.line}
        return [
            {"uid": {"type": "Person", "id": "caller"}, "attrs": person, "parents": []},
            {"uid": {"type": "Record", "id": "asked"}, "attrs": record, "parents": []},
        ]


def filled(text: str, words: dict[str, str]) -> str:
    """A policy's sentence with what it names in braces."""
    return HOLES.sub(lambda hole: words.get(hole.group(1), hole.group()), text)


def _check_sentences(rules: dict[str, Rule], terms: Terms) -> None:
    """Raises `PolicyError`: a sentence names what the configuration does not fill, such as the days of a tier that there is not."""
    known = terms.plain_words().keys() | {"action"}
    for rule in rules.values():
        if unknown := set(HOLES.findall(rule.because + rule.lawful_if)) - known:
            raise PolicyError(f"{rule.file}: the policy {rule.id!r} names {', '.join(sorted(unknown))}, which nothing here fills")


def _signature(folder: Path | None) -> tuple[tuple[str, int, int], ...]:
    if folder is None:
        return ()
    try:
        return tuple(sorted((f.name, s.st_mtime_ns, s.st_size) for f in folder.glob("*.cedar*") for s in (f.stat(),)))
    except OSError:
        return ()


def _understand(sources: tuple[Source, ...]) -> tuple[dict[str, Rule], str, cedarpy.Schema, dict[str, str]]:
    """The rules by id, the text of the policies, the parsed schema, and the ids behind the names that the engine gives policies."""
    schema = "\n".join((SCHEMA.read_text("utf-8"), *(s.text for s in sources if s.name.endswith(SCHEMA_ENDING))))
    policies = [s for s in sources if not s.name.endswith(SCHEMA_ENDING)]
    rules: dict[str, Rule] = {}
    for source in policies:
        for rule in _rules_of(source):
            if rule.id in rules:
                raise PolicyError(f"{source.name}: the policy {rule.id!r} is also in {rules[rule.id].file}")
            rules[rule.id] = rule._replace(place=len(rules))
    whole = "\n".join(source.text for source in policies)
    result = cedarpy.validate_policies(whole, schema)
    if not result.validation_passed:
        raise PolicyError("; ".join(str(error) for error in result.errors))
    names = {name: annotations["id"] for name, (_, annotations) in _annotated(whole).items()}
    return rules, whole, cedarpy.Schema.from_str(schema), names


def _annotated(text: str) -> dict[str, tuple[str, dict[str, str]]]:
    """Effect and annotations of each policy, by the name that the engine gives it: its place in the text."""
    found = msgspec.json.decode(cedarpy.policies_to_json_str(text))["staticPolicies"]
    return {name: (policy["effect"], policy.get("annotations", {})) for name, policy in found.items()}


def _rules_of(source: Source) -> list[Rule]:
    try:
        annotated = _annotated(source.text)
    except ValueError as error:
        raise PolicyError(f"{source.name}: {error}") from error
    rules = []
    for effect, notes in annotated.values():
        known = Rule(notes.get("id", ""), effect, notes.get("because", ""), notes.get("lawful_if", ""), source.name, 0)
        if not known.id or not known.because:
            raise PolicyError(f"{source.name}: every policy has an @id and a @because in plain words; one has not ({known.id or effect})")
        if effect == "forbid" and not known.lawful_if:
            raise PolicyError(f"{source.name}: the prohibition {known.id!r} says in @lawful_if what would make it lawful")
        rules.append(known)
    return rules
