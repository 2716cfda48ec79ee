"""From stored pixel values to stiffness in kPa, on the scanner's own grid and without integer truncation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from liver_mre.errors import GeometryError, UnknownUnitError
from liver_mre.series.unit_sources import KPA_PER_UCUM_UNIT
from liver_mre.stiffness.volume import StiffnessVolume

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from liver_mre.series.acquisition import UnitEvidence
    from liver_mre.studies.study import Instance


def assemble(
    stored: NDArray[np.generic],
    instances: tuple[Instance, ...],
    unit: UnitEvidence,
    *,
    per_slice: tuple[UnitEvidence, ...] | None = None,
    confidence: NDArray[np.floating] | None = None,
    confidence_threshold: float = 0.95,
) -> StiffnessVolume:
    """Convert the stored values of ordered slices to a stiffness volume.

    A stored 0 means "not measured" (air, or masked by the scanner), whatever the offset of the unit.

    Parameters
    ----------
    stored : (S, R, C), pixel values as stored, integer or float
    instances : S instances in slice order, as `series.stack.order_slices` returns them
    unit : stiffness_kpa = stored * kpa_per_count + offset_kpa
    per_slice : the unit of each slice, replacing `unit` where slices have different units
    confidence : (S, R, C) in [0, 1]; None for a series that the scanner has masked
    confidence_threshold : smallest confidence of a confident pixel

    Raises
    ------
    GeometryError
        The number or size of arrays or units does not match the headers.
    UnknownUnitError
        The unit comes from a real world value mapping that does not cover all measured pixels.
    """
    spacing = instances[0].pixel_spacing_mm
    expected = (len(instances), instances[0].rows, instances[0].columns)
    if spacing is None or stored.shape != expected:
        msg = f"The stiffness pixels have the size {stored.shape}, but the headers say {expected}."
        raise GeometryError(msg)
    if confidence is not None and confidence.shape != expected:
        msg = f"The confidence map has the size {confidence.shape}, but the stiffness series {expected}."
        raise GeometryError(msg)
    units = (unit,) * len(instances) if per_slice is None else per_slice
    if len(units) != len(instances):
        msg = f"{len(units)} scales are known for {len(instances)} stiffness images. Nothing was measured."
        raise GeometryError(msg)
    values = stored.astype(np.float64)
    for pixels, instance, scale in zip(values, instances, units, strict=True):
        if scale.source == "real_world_mapping":
            _check_mapped_range(pixels, instance)
    factor, offset_kpa = np.array([(scale.kpa_per_count, scale.offset_kpa) for scale in units]).T[:, :, None, None]
    stiffness_kpa = values * factor + offset_kpa
    valid = np.isfinite(values) & (values > 0) & (stiffness_kpa > 0)
    return StiffnessVolume(
        stiffness_kpa=np.where(valid, stiffness_kpa, 0.0).astype(np.float32),
        valid=valid,
        confident=valid.copy() if confidence is None else valid & (confidence >= confidence_threshold),
        instances=instances,
        pixel_spacing_mm=spacing,
        masked=confidence is None,
    )


def _check_mapped_range(stored: NDArray[np.float64], instance: Instance) -> None:
    """Refuse measured pixels outside the ranges of stored values that the image's mappings in kPa and Pa cover."""
    mappings = [mapping for mapping in instance.real_world if mapping.unit in KPA_PER_UCUM_UNIT]
    measured = stored[np.isfinite(stored) & (stored > 0)]
    covered = np.zeros(measured.shape, np.bool_)
    for mapping in mappings:
        covered |= (measured >= mapping.first_stored) & (measured <= mapping.last_stored)
    if not mappings or covered.all():
        return
    ranges = " and ".join(f"from {mapping.first_stored:g} to {mapping.last_stored:g}" for mapping in mappings)
    msg = (
        f"The RealWorldValueMappingSequence of the stiffness series covers stored values {ranges}, but its pixels "
        f"range from {measured.min():g} to {measured.max():g}. Nothing was measured; set kpa_per_count if you know the "
        "scanner's scale."
    )
    raise UnknownUnitError(msg)
