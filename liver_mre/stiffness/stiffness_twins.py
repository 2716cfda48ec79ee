"""Two stiffness maps of the same slices, masked and unmasked: a mask only takes pixels away."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Final

import numpy as np

from liver_mre.errors import ContradictoryImagesError, MreError
from liver_mre.stiffness.assembly import assemble
from liver_mre.stiffness.companion_slices import UnusableError, on_grids, on_slices, require
from liver_mre.stiffness.masking import close_hatch
from liver_mre.studies.decoding import read_images

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from liver_mre.series.acquisition import ScannerMaps, UnitEvidence
    from liver_mre.stiffness.volume import StiffnessVolume
    from liver_mre.studies.study import Series

    Pixels = NDArray[np.float32]

STEP_ROUNDING: Final = 1.001
"""A step of stored values, with the rounding of float32."""
LEAST_MASKED: Final = 0.02
MASKED: Final = 0.1
"""Ours: shares of a slice's pixels that a mask takes away; at least 0.3 in good simulated exams, as the body's rim and
air-filled bowel never have confident waves."""


def read_twin(
    volume: StiffnessVolume,
    maps: ScannerMaps,
    series: Series,
    units: tuple[UnitEvidence, ...],
    *,
    hatched: bool = False,
) -> tuple[Pixels, float]:
    """Return another stiffness map of the measured slices, (S, R, C) kPa, and the larger stored step of the two maps.

    Parameters
    ----------
    series, units : the other map, and the unit of each of its images
    hatched : whether it may be hatched, so that hatch lines are closed

    Raises
    ------
    UnusableError
        It does not certainly show the measured slices.
    MreError
        From `read_images`.
    """
    by_slice = on_slices(volume.instances, series)
    require(all(len(images) == 1 for images in by_slice), "it does not show every measured slice once")
    images = tuple(chain.from_iterable(by_slice))
    stored = np.stack([image.stored for image in read_images(images)])
    if hatched:
        stored = np.where(close_hatch(stored)[0], stored, 0)
    of_image = dict(zip(series.instances, units, strict=True))
    per_slice = tuple(of_image[image] for image in images)
    assembled = assemble(stored, images, per_slice[0], per_slice=per_slice)
    step_kpa = max(unit.kpa_per_count for unit in (*(maps.slice_units or (maps.unit,)), *per_slice))
    return on_grids(assembled.stiffness_kpa, images, volume.instances), step_kpa


def check_same_stiffness(volume: StiffnessVolume, unmasked_kpa: Pixels, step_kpa: float, maps: ScannerMaps) -> None:
    """Refuse a masked and an unmasked map that differ by more than a stored step where the masked one has values.

    Raises
    ------
    ContradictoryImagesError
        They differ, or a slice of the masked one is not masked where others are.
    """
    found = _differing(volume.stiffness_kpa, unmasked_kpa, volume.valid, step_kpa) or _unmasked_slice(
        volume.valid, unmasked_kpa > 0
    )
    if not found or maps.unmasked is None:
        return
    msg = (
        f"The masked stiffness (series {maps.stiffness.series_number}) and the unmasked one of the same slices (series "
        f"{maps.unmasked.series_number}) {found}. A mask only takes pixels away, so one of the two was changed, or "
        "they come from different acquisitions. Nothing was measured; send both again as the scanner stored them."
    )
    raise ContradictoryImagesError(msg)


def _unmasked_slice(masked: NDArray[np.bool_], unmasked: NDArray[np.bool_]) -> str:
    """Say, as a clause, in which slice the mask takes nothing away although it does in others; "" if in none."""
    taken = 1.0 - (masked & unmasked).sum(axis=(1, 2)) / np.maximum(unmasked.sum(axis=(1, 2)), 1)
    least = int(taken.argmin())
    if taken[least] > LEAST_MASKED or taken.max() < MASKED:
        return ""
    return f"have the same pixels in slice {least + 1}, and not in others"


def check_twin(volume: StiffnessVolume, maps: ScannerMaps) -> None:
    """Refuse two maps, of which only pixels tell which is masked, that differ where both have values.

    Raises
    ------
    ContradictoryImagesError
        They differ.
    """
    if maps.twin is None:
        return
    try:
        twin_kpa, step_kpa = read_twin(volume, maps, maps.twin, maps.twin_units, hatched=True)
    except (UnusableError, MreError):
        return  # it is an acquisition of its own, which tells why it cannot be measured
    found = _differing(volume.stiffness_kpa, twin_kpa, volume.valid & (twin_kpa > 0), step_kpa)
    if not found:
        return
    msg = (
        f"The stiffness series {maps.stiffness.series_number} and {maps.twin.series_number} show the same slices, but "
        f"{found}, so they are not the masked and the unmasked stiffness of one acquisition. Nothing was measured; "
        "name the one to measure with --series UID, or send the study without the other."
    )
    raise ContradictoryImagesError(msg)


def _differing(one_kpa: Pixels, other_kpa: Pixels, where: NDArray[np.bool_], step_kpa: float) -> str:
    """Say, as a clause, in how many pixels two maps differ by more than a stored step; "" if in none."""
    apart_kpa = np.abs(one_kpa - other_kpa)[where]
    count = int(np.count_nonzero(apart_kpa > step_kpa * STEP_ROUNDING))
    return f"differ in {count} of {apart_kpa.size} pixels, by up to {apart_kpa.max():.3g} kPa" if count else ""
