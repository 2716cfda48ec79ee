"""The region rules, as data."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Final


class Removal(StrEnum):
    """Why a pixel of confident liver is not measured, in the order of the rules: the first that applies counts."""

    QUALITY = "quality"
    EDGE = "edge"
    VESSEL = "vessel"
    HOT_SPOT = "hot_spot"
    ISLAND = "island"
    SMALL_SLICE = "small_slice"


_LARGEST: Final = {"mm": 500.0, "cm2": 10_000.0, "share": 100.0}
"""Largest usable value by unit; ours: wider than any body, and beyond any ratio of stiffness or brightness in one."""


@dataclass(frozen=True, slots=True)
class RegionRules:
    """What is removed from the confident liver before the measurement. 0 switches a rule off.

    The defaults are ours, chosen on simulated exams with known truth (table in `docs/roi.md`).

    Attributes
    ----------
    edge_mm : width of the rim that is removed within each slice
    soft_share : spots softer than this multiple of the liver's median count as vessel or gallbladder
    bright_share : spots of the magnitude brighter than this multiple of the surrounding liver count as vessel or
        gallbladder; without a magnitude the rule does not apply
    bright_margin_mm : margin removed around bright spots, where the inversion mixes vessel and parenchyma
    hot_share : spots stiffer than this multiple of the liver's median, close to the driver, count as hot spots
    hot_reach_mm : largest distance of a hot spot from the right or anterior outline of the liver
    island_cm2 : smallest area of a connected component
    slice_cm2 : smallest measured area of a slice
    """

    edge_mm: float = 5.0
    soft_share: float = 0.6
    bright_share: float = 1.25
    bright_margin_mm: float = 3.0
    hot_share: float = 1.75
    hot_reach_mm: float = 20.0
    island_cm2: float = 0.5
    slice_cm2: float = 1.0

    def __post_init__(self) -> None:
        """Refuse unusable values.

        Raises
        ------
        ValueError
            A value is negative or beyond anything in a body, or a share is on the wrong side of 1.
        """
        for field in fields(self):
            value, largest = getattr(self, field.name), _LARGEST[field.name.rsplit("_", 1)[1]]
            if not 0.0 <= value <= largest:
                _refuse(field.name, value, f"a positive number of at most {largest:g}")
        if self.soft_share >= 1.0:
            _refuse("soft_share", self.soft_share, "a share below 1")
        for name in ("bright_share", "hot_share"):
            if 0.0 < getattr(self, name) <= 1.0:
                _refuse(name, getattr(self, name), "above 1")


def _refuse(name: str, value: float, wanted: str) -> None:
    message = f"{name} is {value!r}, but must be 0 (off) or {wanted}"
    raise ValueError(message)


NO_RULES: Final = RegionRules(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
"""Measures every confident pixel of the liver."""
