"""Simulated plates and what cameras make of them: the population that the VRM and matcher benches draw from.

Assumptions, all here: marks follow the shares of schemes below, current marks cluster on 420 memory tags and on recent
years, lists are drawn from the same population as the traffic, and the camera errs as `Camera` says. Nothing is real.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bluelamp.kit.vrm import DEFAULT, Codes, Symbols, decode_codes, encode_symbols, symbols_from_bytes
from bluelamp.kit.vrm.codec import SYMBOL_OF

LETTERS = "ABCDEFGHJKLMNOPRSTUVWXY"
ANY = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
# Letters of a shape: A any letter, D digit, N digit but 0, Y year letter, I any letter, Z an Irish letter (I or Z).
SCHEMES = [
    (0.85, "current"),
    (0.050, "YNDDAAA"),
    (0.010, "YNDAAA"),
    (0.005, "YNAAA"),
    (0.008, "AAANDDY"),
    (0.010, "AAAND"),
    (0.006, "NDDAA"),
    (0.006, "NDDDA"),
    (0.005, "AANDD"),
    (0.015, "AIZNDDD"),
    (0.005, "AIZNDD"),
    (0.020, "AANDDAA"),  # a foreign shape
    (0.010, "AAANDDAA"),
]
POOLS = {"A": ANY, "D": "0123456789", "N": "123456789", "Y": "ABCDEFGHJKLMNPRSTVWXY", "I": ANY, "Z": "IZ"}


def marks(rng: np.random.Generator, count: int) -> Symbols:
    """Draw `count` marks, shape (count, 12) of symbols."""
    shares = np.array([share for share, _ in SCHEMES])
    which = rng.choice(len(SCHEMES), count, p=shares / shares.sum())
    text = np.zeros((count, 12), np.uint8)
    for number, (_, shape) in enumerate(SCHEMES):
        rows = np.flatnonzero(which == number)
        if shape == "current":
            text[rows, :7] = _current(rng, len(rows))
            continue
        for place, kind in enumerate(shape):
            text[rows, place] = rng.choice(np.frombuffer(POOLS[kind].encode(), np.uint8), len(rows))
    return symbols_from_bytes(text.view("S12").ravel())


def _current(rng: np.random.Generator, count: int) -> npt.NDArray[np.uint8]:
    tags = np.array([(ord(a), ord(b)) for a in "ABCDEFGHKLMNOPRSTVWY" for b in "ABCDEFGHJKLMNOPRSTUVX"], np.uint8)
    ages = np.array([age for year in range(2, 26) for age in (year, year + 50)])
    weights = np.repeat(np.exp(np.arange(24) / 8.0), 2)
    age = rng.choice(ages, count, p=weights / weights.sum())
    text = np.empty((count, 7), np.uint8)
    text[:, :2] = tags[rng.integers(0, len(tags), count)]
    text[:, 2], text[:, 3] = 48 + age // 10, 48 + age % 10
    text[:, 4:] = rng.choice(np.frombuffer((LETTERS + "Z").encode(), np.uint8), (count, 3))
    return text


def distinct(rng: np.random.Generator, count: int) -> Codes:
    """Draw `count` different marks as codes, in random order."""
    codes = np.unique(encode_symbols(marks(rng, int(count * 1.02))))
    while len(codes) < count:
        codes = np.unique(np.concatenate((codes, encode_symbols(marks(rng, max(count // 10, 1000))))))
    return rng.permutation(codes)[:count]


@dataclass(frozen=True)
class Camera:
    """How a simulated camera errs. Shares are of reads."""

    misread: float = 0.03
    swaps: float = 0.65  # of misreads: characters of one set confused (one 75%, two 20%, three 5%)
    changes: float = 0.15  # one other character
    drops: float = 0.10
    adds: float = 0.10
    evidence: float = 0.4  # of cameras that tell confidence by character
    variants: float = 0.2  # of cameras that offer other plates
    truth_among_variants: float = 0.7


@dataclass(frozen=True)
class Seen:
    """What cameras wrote for the true marks: symbols (n, 12), confidences and evidence as the reads carry them."""

    symbols: Symbols
    wrong: npt.NDArray[np.bool_]
    confidence: npt.NDArray[np.uint16]
    characters: list[bytes]
    variants: list[list[str]]
    variant_confidences: list[list[int]]


def see(rng: np.random.Generator, truth: Symbols, camera: Camera) -> Seen:
    """Let the camera look at `truth`."""
    count = len(truth)
    symbols = truth.copy()
    wrong = rng.random(count) < camera.misread
    kinds = rng.choice(4, count, p=[camera.swaps, camera.changes, camera.drops, camera.adds])
    doubted = np.zeros(truth.shape, bool)
    for row in np.flatnonzero(wrong):
        symbols[row], doubted[row] = _misread(rng, truth[row], int(kinds[row]))
    wrong &= (symbols != truth).any(axis=1)
    confidence = np.where(wrong, rng.beta(8, 3, count), rng.beta(30, 2, count))
    seen = decode_codes(encode_symbols(symbols))
    has_evidence = rng.random(count) < camera.evidence
    sure = np.where(doubted, rng.beta(5, 3, truth.shape), rng.beta(40, 1.5, truth.shape))
    characters = [
        bytes(b for c, s in zip(mark, row, strict=False) for b in (c, int(s * 100))) if given else b""
        for mark, row, given in zip(seen, sure, has_evidence, strict=True)
    ]
    variants, confidences = _offer(rng, truth, symbols, wrong, confidence, camera)
    return Seen(symbols, wrong, (confidence * 1000).astype(np.uint16), characters, variants, confidences)


def _misread(rng: np.random.Generator, mark: npt.NDArray[np.uint8], kind: int) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]]:
    """Return the mark as it is misread, and which of its places the camera should doubt."""
    length = int((mark != 0).sum())
    seen, doubted = mark.copy(), np.zeros(12, bool)
    if kind == 0:
        swappable = [p for p in range(length) if len(_SETS[mark[p]]) > 1]
        for place in rng.permutation(swappable)[: rng.choice([1, 2, 3], p=[0.75, 0.2, 0.05])].astype(int):
            seen[place] = rng.choice([c for c in _SETS[mark[place]] if c != mark[place]])
            doubted[place] = True
    elif kind == 1:
        place = int(rng.integers(length))
        seen[place] = rng.integers(1, 37)
        doubted[place] = True
    elif kind == 2:
        place = int(rng.choice([0, length - 1, rng.integers(length)]))
        seen[place:11], seen[11] = mark[place + 1 :], 0
    else:
        place = int(rng.choice([0, length, rng.integers(length)]))
        seen[place + 1 :] = mark[place:11]
        seen[place] = SYMBOL_OF["1"] if rng.random() < 0.6 else rng.integers(1, 37)
        doubted[place] = True
    return seen, doubted


def _sets() -> dict[int, list[int]]:
    canonical = DEFAULT.canonical_symbols(np.arange(37, dtype=np.uint8))
    return {s: [int(c) for c in np.flatnonzero(canonical == canonical[s])] for s in range(37)}


_SETS = _sets()


def _offer(
    rng: np.random.Generator,
    truth: Symbols,
    symbols: Symbols,
    wrong: npt.NDArray[np.bool_],
    confidence: npt.NDArray[np.float64],
    camera: Camera,
) -> tuple[list[list[str]], list[list[int]]]:
    """Other plates that a fifth of the cameras offer: one to three look-alikes, and often the truth of a misread."""
    variants: list[list[str]] = [[] for _ in range(len(truth))]
    confidences: list[list[int]] = [[] for _ in range(len(truth))]
    for row in np.flatnonzero(rng.random(len(truth)) < camera.variants):
        offered = [_misread(rng, symbols[row], int(rng.choice([0, 0, 1])))[0] for _ in range(rng.integers(1, 4))]
        if wrong[row] and rng.random() < camera.truth_among_variants:
            offered.insert(0, truth[row])
        texts = [mark.decode() for mark in decode_codes(encode_symbols(np.array(offered)))]
        variants[row] = texts
        confidences[row] = sorted((int(1000 * confidence[row] * f) for f in rng.beta(6, 2, len(texts))), reverse=True)
    return variants, confidences
