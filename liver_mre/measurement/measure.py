"""Measurement of liver stiffness on the scanner's own pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from liver_mre.measurement.region import confident_liver

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from liver_mre.liver.mask import LiverMask
    from liver_mre.measurement.interval import StiffnessInterval
    from liver_mre.measurement.region import RemovedArea
    from liver_mre.stiffness.volume import StiffnessVolume

KPA_DECIMALS: Final = 5
"""Measured values are rounded to 1e-5 kPa, which float32 resolves for every stiffness of a liver.

280 counts of 0.01 kPa are 2.8 kPa, but 2.79999995 in float32: without rounding they would fall below a cut-off of
2.8 kPa. The rounded value is both staged and reported, so that the two always agree.
"""


@dataclass(frozen=True, slots=True)
class SliceMeasurement:
    """Stiffness of the ROI in one slice, where it is not empty.

    `slice_index` is the index s in the stiffness volume, `frame_number` the frame of a multi-frame instance, from 1.
    """

    slice_index: int
    sop_instance_uid: str
    stiffness_kpa_mean: float
    stiffness_kpa_sd: float
    stiffness_kpa_median: float
    area_cm2: float
    frame_number: int | None = None


@dataclass(frozen=True, slots=True)
class StiffnessMeasurement:
    """Stiffness of the exam.

    Attributes
    ----------
    mean_kpa : area-weighted mean of the slice means, sum(M_i A_i) / sum(A_i)
    sd_kpa, median_kpa, p25_kpa, p75_kpa : over the pixels of all ROIs
    area_cm2 : area of all ROIs
    liver_area_cm2 : area of the predicted liver in all slices
    slices : the measured slices
    interval : 95 % interval of `mean_kpa`; None if it was not computed
    removed : area of confident liver that each region rule removed
    """

    mean_kpa: float
    sd_kpa: float
    median_kpa: float
    p25_kpa: float
    p75_kpa: float
    area_cm2: float
    liver_area_cm2: float
    slices: tuple[SliceMeasurement, ...]
    interval: StiffnessInterval | None = None
    removed: tuple[RemovedArea, ...] = ()

    @property
    def measurable_share(self) -> float:
        """Share of the predicted liver that was measured, 0 to 1."""
        return self.area_cm2 / self.liver_area_cm2


@dataclass(frozen=True, slots=True)
class ContourMeasurement:
    """Stiffness of the confident pixels in a contour drawn at the scanner; provenance, never the result."""

    mean_kpa: float
    area_cm2: float


def measure(
    volume: StiffnessVolume, mask: LiverMask, pixels: NDArray[np.bool_] | None = None
) -> StiffnessMeasurement | None:
    """Measure the stiffness of the confident liver.

    The exam's stiffness is the mean of the slice means M_i weighted by the slices' ROI areas A_i,
    sum(M_i A_i) / sum(A_i), the convention of MR elastography. Standard deviations are those of a population
    (divisor n). Quantiles interpolate linearly. All sums run in float64.

    Parameters
    ----------
    volume : (S, R, C) stiffness
    mask : predicted liver on the same grid
    pixels : (S, R, C) measured region (`liver_mre.measurement.region`); by default all of the confident liver

    Returns
    -------
    StiffnessMeasurement, rounded to 1e-5 kPa (`KPA_DECIMALS`), or None if the region is empty.

    Raises
    ------
    ValueError
        Mask and volume are not on the same pixel grid.
    """
    roi = confident_liver(volume, mask)
    if pixels is not None:
        roi = roi & pixels
    if not roi.any():
        return None
    found = {
        index: volume.stiffness_kpa[index][image].astype(np.float64) for index, image in enumerate(roi) if image.any()
    }
    values = np.concatenate(list(found.values()))
    p25, median, p75 = np.quantile(values, (0.25, 0.5, 0.75))
    return StiffnessMeasurement(
        mean_kpa=_kpa(_weighted_mean((values.mean(), values.size) for values in found.values())),
        sd_kpa=_kpa(values.std()),
        median_kpa=_kpa(median),
        p25_kpa=_kpa(p25),
        p75_kpa=_kpa(p75),
        area_cm2=values.size * volume.pixel_area_cm2,
        liver_area_cm2=int(np.count_nonzero(mask.liver)) * volume.pixel_area_cm2,
        slices=tuple(_measure_slice(volume, index, values) for index, values in found.items()),
    )


def measure_contour(volume: StiffnessVolume) -> ContourMeasurement | None:
    """Measure the area-weighted mean of the confident pixels in a contour drawn at the scanner.

    Returns
    -------
    ContourMeasurement, or None without a contour or without a confident pixel in it.
    """
    if volume.scanner_contour is None:
        return None
    inside = volume.scanner_contour & volume.valid & volume.confident
    values = volume.stiffness_kpa[inside].astype(np.float64)
    if not values.size:
        return None
    return ContourMeasurement(_kpa(values.mean()), values.size * volume.pixel_area_cm2)


def _measure_slice(volume: StiffnessVolume, index: int, values: NDArray[np.float64]) -> SliceMeasurement:
    return SliceMeasurement(
        slice_index=index,
        sop_instance_uid=volume.instances[index].sop_instance_uid,
        stiffness_kpa_mean=_kpa(values.mean()),
        stiffness_kpa_sd=_kpa(values.std()),
        stiffness_kpa_median=_kpa(np.median(values)),
        area_cm2=values.size * volume.pixel_area_cm2,
        frame_number=volume.instances[index].frame_number,
    )


def _weighted_mean(parts: Iterable[tuple[np.float64, int]]) -> float:
    """Return sum(M_i n_i) / sum(n_i); pixel counts are proportional to areas, `fsum` does not depend on slice order."""
    means, counts = zip(*parts, strict=True)
    return math.fsum(m * n for m, n in zip(means, counts, strict=True)) / math.fsum(counts)


def _kpa(value: np.float64 | float) -> float:
    return round(float(value), KPA_DECIMALS)
