"""Mechanical and MR properties of tissues: stiffness at 60 Hz, loss ratio G''/G', relative signal, T2* and T2.

Ranges were chosen so that simulated exams resemble public elastograms (mostly 1-4 kPa outside the liver); none is a
reference value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from simulation.types import Tissue

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class TissueProperties:
    """Properties of one tissue; each patient draws one value, uniform in each range."""

    stiffness_kpa: tuple[float, float]  # 2|G|^2/(G'+|G|) at 60 Hz
    loss_ratio: tuple[float, float]  # G''/G'
    heterogeneity: float  # relative SD of the smooth stiffness noise
    gre_signal: tuple[float, float]  # T1-weighted gradient echo before T2* decay, arbitrary units
    t2_star_ms: tuple[float, float]  # at 1.5 T
    t2_signal: tuple[float, float]  # T2-weighted series, arbitrary units


# Columns: stiffness kPa, loss ratio, heterogeneity, GRE signal, T2* ms, T2-weighted signal.
# The liver's stiffness follows from its stage instead, its T2* from the iron model.
# Before T2* decay, fat is 1.7 times as bright as liver: 1.44 for a spoiled gradient echo of TR 50 ms and 30 degrees,
# T1 300 and 586 ms (1.5 T; de Bazelaire 2004, doi 10.1148/radiol.2303021331), times 1.25 for proton density, less
# dephasing between the spectral peaks of fat.
TISSUES: Final[dict[Tissue, TissueProperties]] = {
    Tissue.SUBCUTANEOUS_FAT: TissueProperties((1.0, 1.9), (0.25, 0.45), 0.15, (940, 1240), (28, 45), (560, 760)),
    Tissue.MUSCLE: TissueProperties((2.0, 5.0), (0.25, 0.50), 0.22, (420, 560), (22, 30), (150, 230)),
    Tissue.VISCERAL_FAT: TissueProperties((1.0, 1.8), (0.30, 0.50), 0.18, (900, 1200), (24, 40), (500, 700)),
    Tissue.LIVER: TissueProperties((1.8, 10.0), (0.10, 0.26), 0.10, (560, 700), (19, 32), (210, 300)),
    Tissue.LIVER_VESSEL: TissueProperties((0.8, 1.5), (0.40, 0.70), 0.10, (420, 980), (30, 60), (90, 420)),
    Tissue.GALLBLADDER: TissueProperties((0.5, 1.0), (0.60, 1.00), 0.05, (280, 620), (90, 200), (850, 1000)),
    Tissue.SPLEEN: TissueProperties((2.5, 6.0), (0.15, 0.35), 0.12, (480, 620), (32, 60), (430, 580)),
    Tissue.STOMACH: TissueProperties((1.0, 2.2), (0.35, 0.70), 0.25, (250, 560), (10, 40), (200, 800)),
    Tissue.KIDNEY: TissueProperties((2.0, 4.0), (0.20, 0.40), 0.15, (480, 640), (35, 55), (480, 650)),
    Tissue.SPINE: TissueProperties((5.0, 9.0), (0.50, 0.90), 0.15, (380, 560), (9, 16), (250, 380)),
    Tissue.AORTA: TissueProperties((0.8, 1.6), (0.50, 0.90), 0.08, (500, 1150), (40, 80), (60, 140)),
    Tissue.VENA_CAVA: TissueProperties((0.7, 1.3), (0.50, 0.90), 0.08, (450, 1050), (35, 70), (80, 300)),
    Tissue.LUNG: TissueProperties((0.8, 1.4), (0.80, 1.20), 0.10, (150, 260), (1.5, 6), (15, 60)),
    Tissue.BOWEL: TissueProperties((1.0, 2.2), (0.35, 0.70), 0.25, (280, 600), (12, 40), (200, 750)),
}

# Drawn only for patients who have them, so that other patients do not depend on them.
RARE_TISSUES: Final[Mapping[Tissue, TissueProperties]] = {
    Tissue.ASCITES: TissueProperties((0.3, 0.5), (0.90, 1.40), 0.05, (260, 420), (90, 200), (900, 1000)),
    Tissue.LESION: TissueProperties((4.0, 12.0), (0.10, 0.30), 0.12, (420, 640), (22, 45), (330, 560)),
    Tissue.CYST: TissueProperties((0.4, 0.8), (0.80, 1.20), 0.05, (280, 450), (90, 200), (900, 1000)),
}

T2_MS: Final[Mapping[Tissue, float]] = {
    Tissue.SUBCUTANEOUS_FAT: 70.0,
    Tissue.MUSCLE: 40.0,
    Tissue.VISCERAL_FAT: 70.0,
    Tissue.LIVER: 46.0,
    Tissue.LIVER_VESSEL: 60.0,
    Tissue.GALLBLADDER: 400.0,
    Tissue.SPLEEN: 80.0,
    Tissue.STOMACH: 120.0,
    Tissue.KIDNEY: 85.0,
    Tissue.SPINE: 50.0,
    Tissue.AORTA: 30.0,
    Tissue.VENA_CAVA: 60.0,
    Tissue.LUNG: 10.0,
    Tissue.BOWEL: 110.0,
    Tissue.ASCITES: 500.0,
    Tissue.LESION: 75.0,
    Tissue.CYST: 400.0,
}
"""T2 at 1.5 T."""


def tissues_in(tissue: NDArray[np.uint8]) -> Mapping[Tissue, TissueProperties]:
    """Return the properties of all common tissues, and of the rare ones that occur in a label volume."""
    return TISSUES | {label: row for label, row in RARE_TISSUES.items() if (tissue == label).any()}
