"""Named designs of simulated cohorts: patients, and what varies between them.

`paper-train` and `paper-test` follow Su 2025 (doi 10.2196/80351), 91 training and 228 test patients: stiffness 4.51
(SD 2.85) and 3.69 (2.26) kPa, 76 % and 52 % at 2.8 kPa or more. Shares and stiffness of the stages are fitted to these;
the paper reports no other cut-off.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.special import ndtri

from simulation.out_of_domain import NEAR_DOMAIN, OUT_OF_DOMAIN
from simulation.planning.parameters import Distribution
from simulation.planning.physics import FAMILIES as PHYSICS
from simulation.planning.stages import STAGE_STIFFNESS_KPA, STAGES
from simulation.planning.variety import FAMILIES, WIDE, Variety
from simulation.types import Failure

if TYPE_CHECKING:
    from collections.abc import Mapping

EXAMS_PER_SEED: Final = 100_000
"""Maximum size of a cohort; cohorts of different seeds share no patient."""
STIFFNESS_LIMITS_KPA: Final = (1.3, 13.5)
# Roberts' R2 low-discrepancy sequence, so that small cohorts keep the design's shares.
_PLASTIC: Final = 1.324717957244746
_STEP: Final = np.array([1.0 / _PLASTIC, 1.0 / _PLASTIC**2])


@dataclass(frozen=True, slots=True)
class Design:
    """Design of a cohort."""

    name: str  # on the command line
    patients: int  # default size
    stage_share: Mapping[str, float]  # share of each METAVIR stage
    stage_stiffness_kpa: Mapping[str, tuple[float, float]]  # median, and SD of the logarithm
    variety: Variety = field(default_factory=lambda: WIDE)  # which parameters vary
    waves: bool = False  # whether wave amplitude and residual of the phase images are stored
    out_of_domain: tuple[str, ...] = ()  # kinds of exam, in turn; empty for a cohort of livers


@dataclass(frozen=True, slots=True)
class World:
    """Physics and anatomy of a cohort, where they are not those of its design."""

    families: tuple[str, ...] = ()  # of physics, mixed; a single one is pure
    label_maps: str = ""  # folder of label maps
    label_map_share: float = 0.0  # of the exams


DESIGN_WORLD: Final = World()


@dataclass(frozen=True, slots=True)
class Patient:
    """One patient of a cohort, as arguments of `simulate_exam`."""

    exam_seed: int
    stage: str
    liver_stiffness_kpa: float
    out_of_domain: str = ""


_MILD: Final = {"F0": (2.12, 0.11), "F1": (2.50, 0.11), "F2": (3.20, 0.12), "F3": (4.10, 0.14)}
_ALL_STAGES: Final = {"F0": 0.22, "F1": 0.18, "F2": 0.20, "F3": 0.18, "F4": 0.22}
_EXTENDED_KPA: Final = {stage: (median, 1.4 * log_sd) for stage, (median, log_sd) in STAGE_STIFFNESS_KPA.items()}
# Stronger waves than in `WIDE`: slices then fail by the simulated causes, in Gill's proportions, and rarely otherwise.
_QUALITY: Final = replace(
    WIDE,
    parameters={**WIDE.parameters, "amplitude_scale": Distribution(1.5, 2.6, logarithmic=True)},
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
        Design("extended", 2000, _ALL_STAGES, _EXTENDED_KPA, replace(WIDE, full_failure=0.03, partial_failure=0.12)),
        Design("quality", 700, _ALL_STAGES, _EXTENDED_KPA, _QUALITY, waves=True),
        Design("out-of-domain", 100, _ALL_STAGES, _EXTENDED_KPA, waves=True, out_of_domain=OUT_OF_DOMAIN),
        Design("families", 1000, _ALL_STAGES, _EXTENDED_KPA, FAMILIES, waves=True),
        Design("near-domain", 480, _ALL_STAGES, _EXTENDED_KPA, waves=True, out_of_domain=NEAR_DOMAIN),
    )
}

_NOISE, _AMPLITUDE = WIDE.parameters["noise_scale"], WIDE.parameters["amplitude_scale"]
CONDITIONS: Final[Mapping[str, Mapping[str, Distribution]]] = {
    "usual": {},
    "half-snr": {"noise_scale": replace(_NOISE, low=2.0 * _NOISE.low, high=2.0 * _NOISE.high)},
    "shifted-driver": {"driver_turn_rad": Distribution(0.6, 1.0), "driver_level_mm": Distribution(-50.0, 50.0)},
    "iron": {"liver_t2_star_ms": Distribution(6.0, 12.0)},
    "weak-waves": {"amplitude_scale": replace(_AMPLITUDE, low=0.5 * _AMPLITUDE.low, high=0.5 * _AMPLITUDE.high)},
    "matrix-128": {},
    "matrix-256": {},
    "driver-off": {},
    "severe-iron": {},
}
"""Conditions for robustness tables: the same patients under harder scan conditions."""
CONDITION_FAILURES: Final[Mapping[str, Failure]] = {"driver-off": Failure.NO_WAVES, "severe-iron": Failure.LOW_SIGNAL}
"""Conditions under which every slice fails by one cause."""
_CONDITION_COLUMNS: Final = {"matrix-128": 128, "matrix-256": 256}


def variety_of(design: Design, condition: str = "usual", world: World = DESIGN_WORLD) -> Variety:
    """Return which parameters vary in a cohort; raises `ValueError` if condition or family is unknown.

    Parameters
    ----------
    condition : one of `CONDITIONS`
    world : physics and anatomy
    """
    if condition not in CONDITIONS:
        message = f"unknown condition {condition!r}: choose one of {', '.join(CONDITIONS)}"
        raise ValueError(message)
    unknown = [name for name in world.families if name not in PHYSICS]
    if unknown:
        message = f"unknown family {unknown[0]!r}: choose from {', '.join(PHYSICS)}"
        raise ValueError(message)
    variety = design.variety
    columns = _CONDITION_COLUMNS.get(condition)
    return replace(
        variety,
        parameters={**variety.parameters, **CONDITIONS[condition]},
        protocols=tuple(each for each in variety.protocols if columns in {None, each.columns}),
        families=world.families or variety.families,
        label_maps=world.label_maps,
        label_map_share=world.label_map_share,
    )


def patient_of(design: Design, seed: int, index: int) -> Patient:
    """Return one patient of a cohort, whatever the cohort's size.

    Raises `ValueError` if the index is out of this range.

    Parameters
    ----------
    seed : of the cohort, not negative
    index : from 0 to `EXAMS_PER_SEED` - 1
    """
    if not 0 <= index < EXAMS_PER_SEED:
        message = f"a cohort has at most {EXAMS_PER_SEED} patients: use several cohorts of different seeds"
        raise ValueError(message)
    start = np.random.default_rng(seed).random(2)
    place, quantile = (start + (index + 1) * _STEP) % 1.0
    shares = np.cumsum([design.stage_share[stage] for stage in STAGES])
    stage = STAGES[min(int(np.searchsorted(shares / shares[-1], place, side="right")), len(STAGES) - 1)]
    median, log_sd = design.stage_stiffness_kpa[stage]
    value = median * float(np.exp(log_sd * ndtri(np.clip(quantile, 1e-6, 1.0 - 1e-6))))
    kpa = float(np.clip(value, *STIFFNESS_LIMITS_KPA))
    kind = design.out_of_domain[index % len(design.out_of_domain)] if design.out_of_domain else ""
    return Patient(seed * EXAMS_PER_SEED + index, stage, kpa, kind)
