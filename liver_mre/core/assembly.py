"""From stored pixel values to stiffness in kPa, without a change of grid and without integer truncation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from liver_mre.core.volume import StiffnessVolume
from liver_mre.errors import GeometryError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from liver_mre.core.study import Instance, UnitEvidence


def assemble(
    stored: NDArray[np.generic],
    instances: tuple[Instance, ...],
    unit: UnitEvidence,
    *,
    confidence: NDArray[np.floating] | None = None,
    confidence_threshold: float = 0.95,
) -> StiffnessVolume:
    """Turn the stored values of ordered slices into a stiffness volume.

    A stored 0 means "not measured" (air, or masked away by the scanner), whatever the offset of the unit.

    Parameters
    ----------
    stored : (S, R, C), pixel values as stored, integer or float
    instances : S instances in slice order, as `geometry.order_slices` gives them
    unit : stiffness_kpa = stored * kpa_per_count + offset_kpa
    confidence : (S, R, C) in [0, 1]; None for a series that the scanner masked already
    confidence_threshold : least confidence of a confident pixel

    Raises
    ------
    GeometryError
        The arrays do not have the size that the headers say.
    """
    spacing = instances[0].pixel_spacing_mm
    expected = (len(instances), instances[0].rows, instances[0].columns)
    if spacing is None or stored.shape != expected:
        msg = f"The stiffness pixels have the size {stored.shape}, but the headers say {expected}."
        raise GeometryError(msg)
    if confidence is not None and confidence.shape != expected:
        msg = f"The confidence map has the size {confidence.shape}, but the stiffness series {expected}."
        raise GeometryError(msg)
    values = stored.astype(np.float64)
    stiffness_kpa = values * unit.kpa_per_count + unit.offset_kpa
    valid = np.isfinite(values) & (values > 0) & (stiffness_kpa > 0)
    confident = valid.copy() if confidence is None else valid & (confidence >= confidence_threshold)
    return StiffnessVolume(
        stiffness_kpa=np.where(valid, stiffness_kpa, 0.0).astype(np.float32),
        valid=valid,
        confident=confident,
        instances=instances,
        pixel_spacing_mm=spacing,
    )
