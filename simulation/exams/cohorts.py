"""Named designs of simulated cohorts: who is in them, and what is varied.

The two designs after the paper follow what Su 2025 (doi 10.2196/80351) reports of its 91 training and 228 test
patients: mean (SD) of stiffness 4.51 (2.85) and 3.69 (2.26) kPa, 76 % and 52 % at 2.8 kPa and more. Shares of stages
and their stiffness are chosen to meet these; the paper prints no other cut-offs.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.special import ndtri

from simulation.anatomy.tissue import STAGE_STIFFNESS_KPA, STAGES
from simulation.out_of_domain.scenes import ALIKE, KINDS
from simulation.planning.variety import WIDE, Spread, Variety
from simulation.types import Failure

if TYPE_CHECKING:
    from collections.abc import Mapping

EXAMS_PER_SEED: Final = 100_000
"""Patients that a cohort can have; cohorts of different seeds share none."""
STIFFNESS_LIMITS_KPA: Final = (1.3, 13.5)
# Roberts' R2 sequence: fills the square evenly, so that small cohorts keep the design's shares.
_PLASTIC: Final = 1.324717957244746
_STEP: Final = np.array([1.0 / _PLASTIC, 1.0 / _PLASTIC**2])


@dataclass(frozen=True, slots=True)
class Design:
    """Who is in a cohort.

    Attributes
    ----------
    name : for the command line
    patients : usual size
    stage_share : share of each METAVIR stage
    stage_stiffness_kpa : median and log-scale SD of the liver's stiffness by stage
    variety : what is varied
    waves : whether what the phase images say about the waves is kept
    unlike : what is scanned instead of a liver, one kind after the other; empty for a cohort of livers
    """

    name: str
    patients: int
    stage_share: Mapping[str, float]
    stage_stiffness_kpa: Mapping[str, tuple[float, float]]
    variety: Variety = field(default_factory=lambda: WIDE)
    waves: bool = False
    unlike: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Patient:
    """One patient of a cohort, as `simulate_exam` takes it; `unlike` is "" for a liver."""

    exam_seed: int
    stage: str
    liver_stiffness_kpa: float
    unlike: str = ""


_MILD: Final = {"F0": (2.12, 0.11), "F1": (2.50, 0.11), "F2": (3.20, 0.12), "F3": (4.10, 0.14)}
_ALL_STAGES: Final = {"F0": 0.22, "F1": 0.18, "F2": 0.20, "F3": 0.18, "F4": 0.22}
_EXTENDED_KPA: Final = {stage: (median, 1.4 * log_sd) for stage, (median, log_sd) in STAGE_STIFFNESS_KPA.items()}
# Stronger waves than in `WIDE`: slices then fail by the causes that they are given, in Gill's proportions, and seldom
# by themselves.
_QUALITY: Final = replace(
    WIDE,
    traits={**WIDE.traits, "amplitude_scale": Spread(1.5, 2.6, logarithmic=True)},
    full_failure=0.24,
    partial_failure=0.28,
)
DESIGNS: Final[Mapping[str, Design]] = {
    design.name: design
    for design in (
        Design(
            "paper-train",
            91,
            {"F0": 0.13, "F1": 0.10, "F2": 0.31, "F3": 0.17, "F4": 0.29},
            {**_MILD, "F4": (7.5, 0.34)},
        ),
        Design(
            "paper-test",
            228,
            {"F0": 0.315, "F1": 0.155, "F2": 0.225, "F3": 0.125, "F4": 0.18},
            {**_MILD, "F4": (7.5, 0.30)},
        ),
        Design(
            "extended",
            2000,
            _ALL_STAGES,
            _EXTENDED_KPA,
            replace(WIDE, full_failure=0.03, partial_failure=0.12),
        ),
        Design("quality", 700, _ALL_STAGES, _EXTENDED_KPA, _QUALITY, waves=True),
        Design("unlike", 100, _ALL_STAGES, _EXTENDED_KPA, waves=True, unlike=KINDS),
        Design("alike", 480, _ALL_STAGES, _EXTENDED_KPA, waves=True, unlike=ALIKE),
    )
}

_NOISE, _AMPLITUDE = WIDE.traits["noise_scale"], WIDE.traits["amplitude_scale"]
CONDITIONS: Final[Mapping[str, Mapping[str, Spread]]] = {
    "usual": {},
    "half-snr": {"noise_scale": replace(_NOISE, low=2.0 * _NOISE.low, high=2.0 * _NOISE.high)},
    "shifted-driver": {"driver_turn_rad": Spread(0.6, 1.0), "driver_level_mm": Spread(-50.0, 50.0)},
    "iron": {"liver_t2_star_ms": Spread(6.0, 12.0)},
    "weak-waves": {"amplitude_scale": replace(_AMPLITUDE, low=0.5 * _AMPLITUDE.low, high=0.5 * _AMPLITUDE.high)},
    "matrix-128": {},
    "matrix-256": {},
    "driver-off": {},
    "severe-iron": {},
}
"""Harder conditions for robustness tables: the same patients, scanned otherwise."""
CONDITION_FAILURES: Final[Mapping[str, Failure]] = {
    "driver-off": Failure.NO_WAVES,
    "severe-iron": Failure.LOW_SIGNAL,
}
"""Conditions under which all slices of every exam are given one cause of failure."""
_CONDITION_COLUMNS: Final = {"matrix-128": 128, "matrix-256": 256}


def variety_of(design: Design, condition: str = "usual") -> Variety:
    """Return what is varied in a cohort under a condition.

    Raises
    ------
    ValueError
        If the condition is unknown.
    """
    if condition not in CONDITIONS:
        message = f"unknown condition {condition!r}: choose one of {', '.join(CONDITIONS)}"
        raise ValueError(message)
    variety = design.variety
    columns = _CONDITION_COLUMNS.get(condition)
    protocols = tuple(each for each in variety.protocols if columns in {None, each.columns})
    return replace(variety, traits={**variety.traits, **CONDITIONS[condition]}, protocols=protocols)


def patient_of(design: Design, seed: int, index: int) -> Patient:
    """Return one patient of a cohort, whatever the cohort's size.

    Parameters
    ----------
    seed : of the cohort, not negative
    index : 0 and up

    Raises
    ------
    ValueError
        If the index is beyond what a cohort can have.
    """
    if not 0 <= index < EXAMS_PER_SEED:
        message = f"a cohort has at most {EXAMS_PER_SEED} patients: take several cohorts of different seeds"
        raise ValueError(message)
    start = np.random.default_rng(seed).random(2)
    place, quantile = (start + (index + 1) * _STEP) % 1.0
    shares = np.cumsum([design.stage_share[stage] for stage in STAGES])
    stage = STAGES[min(int(np.searchsorted(shares / shares[-1], place, side="right")), len(STAGES) - 1)]
    median, log_sd = design.stage_stiffness_kpa[stage]
    value = median * float(np.exp(log_sd * ndtri(np.clip(quantile, 1e-6, 1.0 - 1e-6))))
    kpa = float(np.clip(value, *STIFFNESS_LIMITS_KPA))
    kind = design.unlike[index % len(design.unlike)] if design.unlike else ""
    return Patient(seed * EXAMS_PER_SEED + index, stage, kpa, kind)
