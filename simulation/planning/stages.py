"""METAVIR stages: their frequency, and the stiffness of the liver in each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

STAGES: Final = ("F0", "F1", "F2", "F3", "F4")
STAGE_STIFFNESS_KPA: Final[Mapping[str, tuple[float, float]]] = {
    "F0": (2.15, 0.11),
    "F1": (2.60, 0.11),
    "F2": (3.20, 0.12),
    "F3": (4.10, 0.14),
    "F4": (6.60, 0.24),
}
"""Median (kPa) and SD of the logarithm of the liver's stiffness; neighbouring stages overlap widely."""
STAGE_SHARE: Final[Mapping[str, float]] = {"F0": 0.24, "F1": 0.16, "F2": 0.18, "F3": 0.18, "F4": 0.24}
LIVER_STIFFNESS_LIMITS_KPA: Final = (1.3, 12.0)


def draw_stage(rng: np.random.Generator) -> str:
    """Return a METAVIR stage."""
    return str(rng.choice(STAGES, p=[STAGE_SHARE[stage] for stage in STAGES]))


def draw_liver_stiffness_kpa(rng: np.random.Generator, stage: str) -> float:
    """Return a stiffness of the liver: log-normal, clipped to plausible limits."""
    median, log_sd = STAGE_STIFFNESS_KPA[stage]
    value = median * float(np.exp(log_sd * rng.standard_normal()))
    return float(np.clip(value, *LIVER_STIFFNESS_LIMITS_KPA))
