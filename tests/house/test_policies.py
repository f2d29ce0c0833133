"""A policy is a rule about people's rights: each has a name, and a test that names it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
RULE = re.compile(r"(?P<annotations>(?:@\w+\s*\([^)]*\)\s*)*)\b(?P<effect>permit|forbid)\s*\(")
NAME = re.compile(r'@id\s*\(\s*"([^"]+)"\s*\)')


def policies_in(text: str) -> list[str]:
    """The ids of the rules in a Cedar file; "" for a rule without one."""
    bare = re.sub(r"//[^\n]*", "", text)
    return [found.group(1) if (found := NAME.search(rule["annotations"])) else "" for rule in RULE.finditer(bare)]


def named_in(source: str) -> set[str]:
    """The texts in a test file."""
    return {node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def untested(policies: dict[str, list[str]], texts: set[str]) -> list[str]:
    return sorted(
        f"{file}: {name or 'a rule without @id'}" for file, names in policies.items() for name in names if not name or name not in texts
    )


def test_every_policy_has_a_name_and_a_test_that_names_it() -> None:
    policies = {str(f.relative_to(ROOT)): policies_in(f.read_text("utf-8")) for f in (ROOT / "src").rglob("*.cedar")}
    texts = {text for f in (ROOT / "tests").rglob("test_*.py") if f != Path(__file__) for text in named_in(f.read_text("utf-8"))}
    found = untested(policies, texts)
    assert not found, f'without a test that names the id as a text (give each rule @id("…"), and write the test): {found}'


def test_a_policy_without_name_or_test_is_told() -> None:
    text = '// permit (in words)\n@id("look")\npermit (principal, action, resource);\n\nforbid (principal, action, resource) when { true };'
    assert policies_in(text) == ["look", ""]
    assert untested({"a.cedar": ["look", ""]}, {"look"}) == ["a.cedar: a rule without @id"]
    assert untested({"a.cedar": ["look", "seek"]}, named_in("def test_it():\n    assert rule('look')\n")) == ["a.cedar: seek"]


def test_a_file_of_policies_holds_some() -> None:
    assert not [str(f.relative_to(ROOT)) for f in (ROOT / "src").rglob("*.cedar") if not policies_in(f.read_text("utf-8"))]
