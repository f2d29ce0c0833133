"""The tree against RFC 6962's own definition, written out, and proofs that must not hold when anything in them is changed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bluelamp.kit import merkle

# The leaves and roots with which implementations of Certificate Transparency compare themselves.
LEAVES = [
    bytes.fromhex(text) for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


def defined(hashes: list[bytes]) -> bytes:
    """MTH of RFC 6962 section 2.1, word for word."""
    if not hashes:
        return merkle.EMPTY
    if len(hashes) == 1:
        return hashes[0]
    half = 1
    while half * 2 < len(hashes):
        half *= 2
    return merkle.node_hash(defined(hashes[:half]), defined(hashes[half:]))


def leaves(count: int) -> list[bytes]:
    return [merkle.leaf_hash(str(number).encode()) for number in range(count)]


def test_the_known_roots() -> None:
    hashes = [merkle.leaf_hash(leaf) for leaf in LEAVES]
    assert [merkle.root_of(hashes[: n + 1]).hex() for n in range(8)] == list(ROOTS)
    assert merkle.root_of([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@given(st.integers(0, 150), st.integers(0, 150))
def test_the_edge_grows_by_leaves_and_by_subtrees_and_resumes(before: int, after: int) -> None:
    hashes = leaves(before + after)
    edge = merkle.Edge()
    known = {merkle.Subtree(0, n): one for n, one in enumerate(hashes)}
    for one in hashes[:before]:
        known |= dict(edge.append(one))
    resumed = merkle.Edge(before, [known[tree] for tree in merkle.perfect(0, before)])
    for one in hashes[before:]:
        known |= dict(resumed.append(one))
    assert (resumed.size, resumed.root) == (before + after, defined(hashes))
    joined = merkle.Edge(before, edge.peaks)
    joined.extend((tree.level, known[tree]) for tree in merkle.perfect(before, before + after))
    assert (joined.size, joined.root, joined.peaks) == (resumed.size, resumed.root, resumed.peaks)


@given(st.integers(1, 130), st.data())
def test_an_inclusion_proof_holds_for_its_leaf_alone(size: int, data: st.DataObject) -> None:
    hashes = leaves(size)
    index = data.draw(st.integers(0, size - 1))
    path = [defined(hashes[low:high]) for low, high in merkle.inclusion_ranges(index, size)]
    root = defined(hashes)
    assert merkle.verify_inclusion(hashes[index], index, size, path, root)
    assert not merkle.verify_inclusion(merkle.leaf_hash(b"another"), index, size, path, root)
    assert not merkle.verify_inclusion(hashes[index], index, size, [*path, root], root)
    assert not merkle.verify_inclusion(hashes[index], size, size, path, root)
    if size > 1:
        other = (index + 1) % size
        assert not merkle.verify_inclusion(hashes[index], other, size, path, root)
        assert not merkle.verify_inclusion(hashes[index], index, size, path[:-1], root)


@given(st.integers(1, 130), st.data())
def test_a_consistency_proof_holds_for_a_beginning_alone(second: int, data: st.DataObject) -> None:
    hashes = leaves(second)
    first = data.draw(st.integers(1, second))
    path = [defined(hashes[low:high]) for low, high in merkle.consistency_ranges(first, second)]
    old, new = defined(hashes[:first]), defined(hashes)
    assert merkle.verify_consistency(first, second, old, new, path)
    forged = defined([*hashes[: first - 1], merkle.leaf_hash(b"another")])
    assert not merkle.verify_consistency(first, second, forged, new, path)
    assert not merkle.verify_consistency(first, second, old, merkle.leaf_hash(b"another"), path)
    assert not merkle.verify_consistency(first, second, old, new, [*path, new])


def test_what_cannot_be_asked() -> None:
    for wrong in (lambda: merkle.inclusion_ranges(3, 3), lambda: merkle.consistency_ranges(0, 3), lambda: merkle.consistency_ranges(4, 3)):
        with pytest.raises(ValueError, match=r"leaf|leaves"):
            wrong()
    with pytest.raises(ValueError, match="peaks"):
        merkle.Edge(3, [merkle.EMPTY])
    with pytest.raises(ValueError, match="cannot begin"):
        merkle.Edge(1, [merkle.EMPTY]).extend([(1, merkle.EMPTY)])
