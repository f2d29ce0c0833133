"""The nation's vehicles: mark, make, model, colour, where each lives and its habits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bluelamp.demo.world.chance import Bools, Floats, Ints, pick, stream, weighted_picker
from bluelamp.demo.world.marks import Marks, distinct_marks
from bluelamp.demo.world.routes import Routes

MODELS: tuple[tuple[str, str, str, float], ...] = (
    ("Ford", "Fiesta", "car", 7.0), ("Ford", "Focus", "car", 6.0), ("Ford", "Kuga", "car", 3.2), ("Ford", "Puma", "car", 2.4),
    ("Vauxhall", "Corsa", "car", 6.2), ("Vauxhall", "Astra", "car", 4.6), ("Vauxhall", "Mokka", "car", 1.5),
    ("Volkswagen", "Golf", "car", 5.2), ("Volkswagen", "Polo", "car", 3.8), ("Volkswagen", "Tiguan", "car", 2.2),
    ("BMW", "3 Series", "car", 3.2), ("BMW", "1 Series", "car", 2.4), ("BMW", "X3", "car", 1.1),
    ("Audi", "A3", "car", 3.0), ("Audi", "A4", "car", 2.2), ("Audi", "Q3", "car", 1.2),
    ("Mercedes-Benz", "A-Class", "car", 2.6), ("Mercedes-Benz", "C-Class", "car", 2.4),
    ("Nissan", "Qashqai", "car", 3.8), ("Nissan", "Juke", "car", 2.2), ("Toyota", "Yaris", "car", 2.6), ("Toyota", "Corolla", "car", 1.4),
    ("Kia", "Sportage", "car", 2.2), ("Kia", "Picanto", "car", 1.3), ("Hyundai", "Tucson", "car", 1.8), ("Hyundai", "i10", "car", 1.5),
    ("Peugeot", "208", "car", 2.3), ("Renault", "Clio", "car", 2.3), ("Citroen", "C3", "car", 1.6), ("Fiat", "500", "car", 2.4),
    ("Skoda", "Octavia", "car", 2.0), ("SEAT", "Leon", "car", 1.6), ("Honda", "Civic", "car", 1.8), ("Volvo", "XC40", "car", 1.1),
    ("Land Rover", "Discovery Sport", "car", 1.1), ("Land Rover", "Range Rover Evoque", "car", 1.2), ("Mini", "Hatch", "car", 2.5),
    ("Tesla", "Model 3", "car", 1.1), ("Tesla", "Model Y", "car", 1.0), ("Dacia", "Sandero", "car", 1.0),
    ("Ford", "Transit", "van", 4.0), ("Ford", "Transit Custom", "van", 2.6), ("Vauxhall", "Vivaro", "van", 1.3),
    ("Volkswagen", "Transporter", "van", 1.6), ("Mercedes-Benz", "Sprinter", "van", 1.6), ("Citroen", "Berlingo", "van", 0.9),
    ("DAF", "XF", "lorry", 0.9), ("Scania", "R 450", "lorry", 0.7), ("Volvo", "FH", "lorry", 0.6), ("MAN", "TGX", "lorry", 0.4),
    ("Alexander Dennis", "Enviro400", "bus", 0.3), ("Honda", "CB500", "motorcycle", 0.5), ("Yamaha", "MT-07", "motorcycle", 0.3),
)  # fmt: skip
"""Make, model, class and share. The shares are made up to look like a British road."""

COLOURS: tuple[tuple[str, float], ...] = (
    ("grey", 22.0), ("black", 20.0), ("white", 18.0), ("blue", 15.5), ("silver", 9.5), ("red", 8.0),
    ("green", 2.6), ("orange", 1.4), ("yellow", 1.0), ("brown", 0.9), ("beige", 0.6),
)  # fmt: skip

CLASS_OF_MODEL = np.array([("car", "van", "lorry", "bus", "motorcycle").index(kind) for _, _, kind, _ in MODELS])
_HAULERS = ("van", "lorry")
_CHUNK = 50_000
_FREIGHT_SHARE = 0.022
_OCCASIONAL_SHARE = 0.34


@dataclass(frozen=True, slots=True)
class Vehicles:
    """Parallel columns. `usual` and `other` are outward routes; driving one back is the route's twin (`route ^ 1`)."""

    mark: Marks
    model: Ints
    colour: Ints
    usual: Ints
    other: Ints
    freight: Bools
    out_share: Floats
    """By which share of the day's traffic this vehicle sets out (`traffic.time_of_share`); its habit, kept day after day."""
    back_share: Floats
    keenness: Floats
    """Chance that it is driven on a weekday."""
    dirt: Floats
    """Extra chance that its plate is misread."""

    def __len__(self) -> int:
        return len(self.mark)


def model_index(make: str, model: str) -> int:
    """The row of `MODELS` with this make and model; raises ValueError when there is none."""
    return [(one, two) for one, two, _, _ in MODELS].index((make, model))


def colour_index(colour: str) -> int:
    """The row of `COLOURS` of this name; raises ValueError when there is none."""
    return [name for name, _ in COLOURS].index(colour)


def populate(routes: Routes, seed: int, count: int, reserved: Marks) -> Vehicles:
    """The first `count` vehicles of the nation. A larger population begins with the same vehicles as a smaller one."""
    chunks = []
    taken = reserved
    for chunk in range(-(-count // _CHUNK)):
        part = _chunk(routes, stream(seed, "vehicles", chunk), taken)
        taken = np.concatenate([taken, part.mark])
        chunks.append(part)
    return joined(chunks, count)


def joined(parts: list[Vehicles], count: int | None = None) -> Vehicles:
    """One table of several, cut to `count` rows."""

    def column(name: str) -> np.ndarray:
        return np.concatenate([getattr(part, name) for part in parts])[:count]

    return Vehicles(**{name: column(name) for name in Vehicles.__slots__})


def _chunk(routes: Routes, rng: np.random.Generator, taken: Marks) -> Vehicles:
    count = _CHUNK
    outward = np.arange(0, len(routes), 2)
    daily, long = outward[routes.long[outward] == 0], outward[routes.long[outward] == 1]
    usual = daily[pick(weighted_picker(routes.weight[daily]), rng, count)]
    other = _from_same_town(routes, daily, usual, rng)
    freight = rng.random(count) < _FREIGHT_SHARE
    usual[freight] = long[pick(weighted_picker(routes.weight[long]), rng, int(freight.sum()))]
    hauler = np.array([kind in _HAULERS for _, _, kind, _ in MODELS])
    shares = np.array([share for _, _, _, share in MODELS])
    model = pick(weighted_picker(shares), rng, count)
    model[freight] = pick(weighted_picker(np.where(hauler, shares, 0.0)), rng, int(freight.sum()))
    out_share = np.where(freight, rng.uniform(0.06, 0.5, count), rng.uniform(0.004, 0.5, count))
    back_share = np.minimum(rng.uniform(0.5, 0.996, count), out_share + 0.94)
    occasional = rng.random(count) < _OCCASIONAL_SHARE
    return Vehicles(
        mark=distinct_marks(rng, count, taken),
        model=model,
        colour=pick(weighted_picker(np.array([share for _, share in COLOURS])), rng, count),
        usual=usual,
        other=other,
        freight=freight,
        out_share=out_share,
        back_share=back_share,
        keenness=np.where(occasional, rng.uniform(0.15, 0.6, count), rng.uniform(0.8, 0.97, count)),
        dirt=np.where(rng.random(count) < 0.03, rng.uniform(0.05, 0.4, count), 0.0),
    )


def _from_same_town(routes: Routes, daily: Ints, usual: Ints, rng: np.random.Generator) -> Ints:
    """Another daily route of each vehicle's home town. `build_routes` keeps a town's routes together, in the order of `daily`."""
    origin = routes.origin[daily]
    order = np.argsort(origin, kind="stable")
    low = np.searchsorted(origin[order], routes.origin[usual], side="left")
    high = np.searchsorted(origin[order], routes.origin[usual], side="right")
    return daily[order[low + (rng.random(len(usual)) * (high - low)).astype(np.int64)]]
