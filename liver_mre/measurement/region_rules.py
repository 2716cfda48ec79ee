"""The rules of the measured region, as data."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Final


class Removal(StrEnum):
    """Why a pixel of confident liver is not measured. The order is that of the rules: the first that applies counts."""

    QUALITY = "quality"
    EDGE = "edge"
    VESSEL = "vessel"
    HOT_SPOT = "hot_spot"
    ISLAND = "island"
    SMALL_SLICE = "small_slice"


@dataclass(frozen=True, slots=True)
class RegionRules:
    """What is taken out of the confident liver before it is measured. 0 switches a rule off.

    The defaults are ours, chosen on simulated exams whose truth is known: `docs/roi.md` has the table.

    Attributes
    ----------
    edge_mm : least distance from the outline of the liver, within the slice
    soft_share : spots softer than this share of the liver's median are taken for vessels or gallbladder
    bright_share : spots of the magnitude brighter than this multiple of the liver around are taken for vessels or
        gallbladder; only where there is a magnitude
    bright_margin_mm : what lies so near to a bright spot goes with it: the inversion mixes it with the parenchyma
    hot_share : spots stiffer than this multiple of the liver's median, close to the driver, are taken for hot spots
    hot_reach_mm : how far from the right or anterior outline of the liver a hot spot can be
    island_cm2 : least area of each connected part
    slice_cm2 : least area of a slice
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
        """Refuse values that make no rule.

        Raises
        ------
        ValueError
            If a value is negative or not finite, or a share is on the wrong side of 1.
        """
        for field in fields(self):
            value = getattr(self, field.name)
            if not 0.0 <= value < math.inf:
                message = f"{field.name} is {value!r}, but must be 0 (off) or a positive number"
                raise ValueError(message)
        if self.soft_share >= 1.0:
            message = f"soft_share is {self.soft_share!r}, but must be 0 (off) or a share below 1"
            raise ValueError(message)
        for name in ("bright_share", "hot_share"):
            if 0.0 < getattr(self, name) <= 1.0:
                message = f"{name} is {getattr(self, name)!r}, but must be 0 (off) or above 1"
                raise ValueError(message)


NO_RULES: Final = RegionRules(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
"""Every confident pixel of the liver is measured."""
