"""Stiffness volumes for tests of the pure core."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from liver_mre.liver.mask import LiverMask, ModelIdentity
from liver_mre.stiffness.volume import StiffnessVolume
from liver_mre.studies.study import Instance

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

MODEL = ModelIdentity("liver-segmentation", "1.0.0", "a" * 64, "openvino", "f32")


def make_volume(
    stiffness_kpa: ArrayLike,
    *,
    valid: ArrayLike | None = None,
    confident: ArrayLike | None = None,
    pixel_spacing_mm: tuple[float, float] = (1.5, 2.0),
) -> StiffnessVolume:
    """Return a volume whose slice s is the instance 1.2.(s + 1); by default every pixel is confident."""
    stiffness = np.asarray(stiffness_kpa, dtype=np.float32)
    everywhere = np.ones(stiffness.shape, dtype=np.bool_)
    return StiffnessVolume(
        stiffness_kpa=stiffness,
        valid=everywhere if valid is None else np.asarray(valid, dtype=np.bool_),
        confident=everywhere if confident is None else np.asarray(confident, dtype=np.bool_),
        instances=tuple(Instance("", f"1.2.{s + 1}", "1.2.840.10008.5.1.4.1.1.4") for s in range(len(stiffness))),
        pixel_spacing_mm=pixel_spacing_mm,
    )


def make_mask(liver: ArrayLike) -> LiverMask:
    """Return a predicted liver."""
    return LiverMask(np.asarray(liver, dtype=np.bool_), MODEL)
