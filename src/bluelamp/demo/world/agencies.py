"""The sixty agencies of the nation. Their names are invented; each territorial one polices the real towns nearest its seat."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bluelamp.demo.world.chance import Floats, Ints
from bluelamp.demo.world.towns import Towns, planar

HOME = "KEN"
"""Kentmere Police: the force whose control room the demonstration shows."""


@dataclass(frozen=True, slots=True)
class Agency:
    """`seat` is (longitude, latitude) for a territorial force, None for one that works nation-wide.

    `reach_km` moves its border out (positive) or in: a city's own small force has little of it.
    """

    code: str
    name: str
    seat: tuple[float, float] | None = None
    nation: str = "ENG"
    reach_km: float = 0.0


TERRITORIAL = (
    Agency("KEN", "Kentmere Police", (-2.72, 53.98)),
    Agency("THM", "Thamesmouth Metropolitan Police", (-0.12, 51.50)),
    Agency("IRW", "Irwell Valley Police", (-2.24, 53.48)),
    Agency("TAM", "Tame and Cole Police", (-1.90, 52.48)),
    Agency("AIR", "Airedale Constabulary", (-1.62, 53.79)),
    Agency("WIR", "Wirral Sands Police", (-2.97, 53.41)),
    Agency("DON", "Don Valley Police", (-1.40, 53.42)),
    Agency("TYN", "Tyne and Wansbeck Police", (-1.62, 55.02)),
    Agency("WEA", "Weardale Constabulary", (-1.60, 54.68)),
    Agency("ESK", "Eskmouth Police", (-1.15, 54.54)),
    Agency("SWA", "Swaledale Police", (-1.30, 54.10)),
    Agency("HOL", "Holderness Police", (-0.38, 53.76)),
    Agency("LIN", "Lindsey and Fen Police", (-0.40, 53.10)),
    Agency("TRE", "Trentside Police", (-1.12, 53.02)),
    Agency("DOV", "Dove and Peak Constabulary", (-1.52, 53.02)),
    Agency("SOA", "Soar Valley Police", (-1.14, 52.63)),
    Agency("NEN", "Neneside Police", (-0.88, 52.28)),
    Agency("ARD", "Arden Constabulary", (-1.50, 52.30)),
    Agency("CAN", "Cannock Chase Police", (-2.10, 52.88)),
    Agency("WRE", "Wrekin and Malvern Police", (-2.45, 52.35)),
    Agency("PEC", "Peckforton Police", (-2.62, 53.20)),
    Agency("OUS", "Ouse and Cam Constabulary", (0.05, 52.35)),
    Agency("BRE", "Breckland Police", (1.05, 52.65)),
    Agency("ORW", "Orwell Constabulary", (1.05, 52.12)),
    Agency("BLA", "Blackwater Police", (0.55, 51.75)),
    Agency("LEA", "Lea and Colne Constabulary", (-0.25, 51.82)),
    Agency("IVE", "Ivel Vale Police", (-0.45, 52.08)),
    Agency("CHI", "Chilterns and Isis Police", (-1.10, 51.70)),
    Agency("MED", "Medway and Stour Police", (0.75, 51.28)),
    Agency("WEY", "Weyside Police", (-0.45, 51.26)),
    Agency("ARU", "Arun and Cuckmere Police", (-0.05, 50.92)),
    Agency("ITC", "Itchen and Solent Constabulary", (-1.32, 50.98)),
    Agency("PUR", "Purbeck Police", (-2.00, 50.78)),
    Agency("KNT", "Kennet and Wylye Police", (-1.90, 51.35)),
    Agency("SEV", "Severn Vale Constabulary", (-2.15, 51.86)),
    Agency("MEN", "Mendip and Avon Police", (-2.62, 51.35)),
    Agency("TMR", "Tamar and Dart Constabulary", (-3.90, 50.60)),
    Agency("CWY", "Conwy and Clwyd Police", (-3.40, 53.15), "WLS"),
    Agency("TEI", "Teifi and Tywi Police", (-4.20, 52.05), "WLS"),
    Agency("TAF", "Taff and Ogmore Police", (-3.40, 51.55), "WLS"),
    Agency("USK", "Usk Valley Police", (-2.98, 51.65), "WLS"),
    Agency("SQM", "Square Mile Police", (-0.092, 51.515), reach_km=-2.0),
    Agency("LUN", "Solway and Eden Constabulary", (-2.95, 54.80)),
    Agency("ALB", "Strathalba Police", (-3.80, 56.20), "SCT"),
)
NATIONAL = (
    Agency("NRC", "National Railways Constabulary"),
    Agency("PHP", "Ports and Harbours Police"),
    Agency("NRE", "National Roads Enforcement"),
    Agency("ESC", "Energy Sites Constabulary"),
    Agency("BDW", "Border Watch"),
    Agency("RVE", "Revenue Enforcement"),
    Agency("VSO", "Vehicle Standards Office"),
    Agency("DEP", "Defence Estate Police"),
    Agency("NCO", "National Crime Office"),
    Agency("ENV", "Environment Enforcement"),
    Agency("WLE", "Wildlife and Rural Enforcement"),
    Agency("AIP", "Airports Police Service"),
    Agency("WAT", "Waterways Police"),
    Agency("CTR", "Counter Terrorism Roads Unit"),
    Agency("FRD", "Fraud and Freight Bureau"),
    Agency("HSO", "Highways Safety Office"),
)
AGENCIES = TERRITORIAL + NATIONAL


def territory(towns: Towns) -> Ints:
    """For each town the index in `AGENCIES` of the force that polices it: the nearest seat of its own nation."""
    seats = [agency for agency in TERRITORIAL if agency.seat]
    seat_lon: Floats = np.array([agency.seat[0] for agency in seats if agency.seat])
    seat_lat: Floats = np.array([agency.seat[1] for agency in seats if agency.seat])
    seat_x, seat_y = planar(seat_lon, seat_lat)
    reach = np.array([agency.reach_km for agency in seats])
    away = np.hypot(towns.x_km[:, None] - seat_x, towns.y_km[:, None] - seat_y) - reach
    abroad = np.array(towns.nations)[:, None] != np.array([agency.nation for agency in seats])
    return np.asarray(np.argmin(np.where(abroad, np.inf, away), axis=1), dtype=np.int64)
