"""Mechanical and MR properties of tissues: stiffness at 60 Hz, loss ratio G''/G', relative signal, T2* and T2.

Ranges were chosen so that simulated exams resemble public elastograms (mostly 1-4 kPa outside the liver); none is a
reference value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

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
    t2_ms: float  # at 1.5 T, the same in all patients


# Columns: stiffness kPa, loss ratio, heterogeneity, GRE signal, T2* ms, T2-weighted signal, T2 ms.
# The liver's stiffness follows from its stage instead, its T2* from the iron model.
# Before T2* decay, fat is 1.7 times as bright as liver: 1.44 for a spoiled gradient echo of TR 50 ms and 30 degrees,
# T1 300 and 586 ms (1.5 T; de Bazelaire 2004, doi 10.1148/radiol.2303021331), times 1.25 for proton density, less
# dephasing between the spectral peaks of fat.
_COMMON: Final[dict[Tissue, tuple[Any, ...]]] = {
    Tissue.SUBCUTANEOUS_FAT: ((1.0, 1.9), (0.25, 0.45), 0.15, (940, 1240), (28, 45), (560, 760), 70),
    Tissue.MUSCLE: ((2.0, 5.0), (0.25, 0.50), 0.22, (420, 560), (22, 30), (150, 230), 40),
    Tissue.VISCERAL_FAT: ((1.0, 1.8), (0.30, 0.50), 0.18, (900, 1200), (24, 40), (500, 700), 70),
    Tissue.LIVER: ((1.8, 10.0), (0.10, 0.26), 0.10, (560, 700), (19, 32), (210, 300), 46),
    Tissue.LIVER_VESSEL: ((0.8, 1.5), (0.40, 0.70), 0.10, (420, 980), (30, 60), (90, 420), 60),
    Tissue.GALLBLADDER: ((0.5, 1.0), (0.60, 1.00), 0.05, (280, 620), (90, 200), (850, 1000), 400),
    Tissue.SPLEEN: ((2.5, 6.0), (0.15, 0.35), 0.12, (480, 620), (32, 60), (430, 580), 80),
    Tissue.STOMACH: ((1.0, 2.2), (0.35, 0.70), 0.25, (250, 560), (10, 40), (200, 800), 120),
    Tissue.KIDNEY: ((2.0, 4.0), (0.20, 0.40), 0.15, (480, 640), (35, 55), (480, 650), 85),
    Tissue.SPINE: ((5.0, 9.0), (0.50, 0.90), 0.15, (380, 560), (9, 16), (250, 380), 50),
    Tissue.AORTA: ((0.8, 1.6), (0.50, 0.90), 0.08, (500, 1150), (40, 80), (60, 140), 30),
    Tissue.VENA_CAVA: ((0.7, 1.3), (0.50, 0.90), 0.08, (450, 1050), (35, 70), (80, 300), 60),
    Tissue.LUNG: ((0.8, 1.4), (0.80, 1.20), 0.10, (150, 260), (1.5, 6), (15, 60), 10),
    Tissue.BOWEL: ((1.0, 2.2), (0.35, 0.70), 0.25, (280, 600), (12, 40), (200, 750), 110),
}

# Drawn only for patients who have them, so that other patients do not depend on them.
_RARE: Final[dict[Tissue, tuple[Any, ...]]] = {
    Tissue.ASCITES: ((0.3, 0.5), (0.90, 1.40), 0.05, (260, 420), (90, 200), (900, 1000), 500),
    Tissue.LESION: ((4.0, 12.0), (0.10, 0.30), 0.12, (420, 640), (22, 45), (330, 560), 75),
    Tissue.CYST: ((0.4, 0.8), (0.80, 1.20), 0.05, (280, 450), (90, 200), (900, 1000), 400),
}

TISSUES: Final = {label: TissueProperties(*row) for label, row in (_COMMON | _RARE).items()}


def tissues_in(tissue: NDArray[np.uint8]) -> Mapping[Tissue, TissueProperties]:
    """Return the properties of all common tissues, and of the rare ones that occur in a label volume."""
    return {label: row for label, row in TISSUES.items() if label in _COMMON or (tissue == label).any()}
