"""Acquisitions for tests of quality: a round body with a liver on the right."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from liver_mre.quality.limits import Limit, Limits
from liver_mre.quality.verdict import OUT_OF_DOMAIN_OUTPUT, OUTPUTS
from tests.volumes import make_volume

if TYPE_CHECKING:
    from liver_mre.stiffness.volume import StiffnessVolume

ROWS, COLUMNS, STEP_MM = 60, 80, 5.0
ROW, COLUMN = np.mgrid[:ROWS, :COLUMNS]
BODY = ((ROW - 30) / 22) ** 2 + ((COLUMN - 40) / 34) ** 2 < 1
LIVER = ((ROW - 28) / 13) ** 2 + ((COLUMN - 24) / 11) ** 2 < 1
LIMITS = Limits(
    slice={"hot_share": Limit(None, 0.1)},
    exam={"slice_agreement": Limit(None, 0.2)},
    features={"liver_x_mm": Limit(-120.0, -20.0), "body_width_mm": Limit(250.0, 450.0), "axial": Limit(0.9, None)},
    least_confident_cm2=1.0,
)


def liver_mask(slices: int = 3) -> np.ndarray:
    return np.broadcast_to(LIVER, (slices, ROWS, COLUMNS)).copy()


def acquisition(slices: int = 3, *, confident: np.ndarray | None = None, kpa: float = 3.0) -> StiffnessVolume:
    """Return a volume whose liver is confident in every slice, or where told."""
    stiffness = np.where(LIVER, kpa, 1.5) * BODY * np.ones((slices, 1, 1))
    return make_volume(
        stiffness,
        valid=np.broadcast_to(BODY, stiffness.shape),
        confident=liver_mask(slices) if confident is None else confident,
        pixel_spacing_mm=(STEP_MM, STEP_MM),
    )


def votes(diagnostic: list[int], members: int = 8, cause: int = 3, *, out_of_domain: bool = False) -> np.ndarray:
    """Return logits of networks of which so many call each slice diagnostic; all name the same cause."""
    logits = np.zeros((len(diagnostic), members, OUTPUTS), np.float32)
    logits[..., OUT_OF_DOMAIN_OUTPUT] = 4.0 if out_of_domain else -4.0
    logits[..., 1 + cause] = 5.0
    for index, count in enumerate(diagnostic):
        logits[index, :, 0] = -4.0
        logits[index, :count, 0] = 4.0
    return logits
