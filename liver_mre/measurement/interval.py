"""The 95 % interval of the exam's stiffness.

The error of ln(stiffness) is modelled as normal with three independent parts: sampling (the region holds a finite
number of correlation areas), segmentation (other outlines are plausible), and a residual. Their weights were fitted on
simulated exams with known truth; the fit is data (`Calibration`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from liver_mre.stiffness.volume import StiffnessVolume

LEVEL: Final = 0.95
Z: Final = 1.959963984540054
"""Normal quantile of `LEVEL`, two-sided."""
EMPTY_LOG_RATIO: Final = 0.2
"""Ours: log ratio assumed for an alternative outline in which nothing can be measured."""
_KPA_DECIMALS: Final = 5


@dataclass(frozen=True, slots=True)
class StiffnessInterval:
    """Interval that holds the true mean with the probability `level`, and the contributions to its width.

    Attributes
    ----------
    low_kpa, high_kpa : its limits
    level : 0.95
    sampling, segmentation, residual : weighted relative SD from each source
    calibration : name of the calibration that gave the weights
    """

    low_kpa: float
    high_kpa: float
    level: float
    sampling: float
    segmentation: float
    residual: float
    calibration: str

    @property
    def relative_sd(self) -> float:
        """SD of ln(stiffness)."""
        return math.sqrt(self.sampling**2 + self.segmentation**2 + self.residual**2)


@dataclass(frozen=True, slots=True)
class Calibration:
    """Weights of the three parts, fitted on simulated exams.

    Attributes
    ----------
    name : name of the fit in results
    correlation_cm2 : correlation area: each such area counts as one independent sample
    segmentation_weight : factor on the relative SD from segmentation
    residual : relative SD not explained by sampling and segmentation
    bands_kpa : lower limit of each band of measured stiffness, ascending from 0
    scales : factor on the total SD in each band
    model : name and version of the network whose outlines it was fitted with
    channels : input of that network, as named by `available_channels`
    provenance : origin of the fit, as text
    """

    name: str
    correlation_cm2: float
    segmentation_weight: float
    residual: float
    bands_kpa: tuple[float, ...]
    scales: tuple[float, ...]
    model: str
    channels: tuple[str, ...]
    provenance: str

    def scale_at(self, stiffness_kpa: float) -> float:
        """Return the factor on the total SD at a measured stiffness."""
        return self.scales[max(0, int(np.searchsorted(self.bands_kpa, stiffness_kpa, side="right")) - 1)]


def calibration_for(calibrations: Iterable[Calibration], channels: tuple[str, ...]) -> Calibration | None:
    """Return the calibration for outlines from exactly these channels; None if there is none.

    The accuracy of outlines depends on the input, for example on the magnitude, so each input has its own fit.
    """
    return next((one for one in calibrations if one.channels == channels), None)


def sampling_error(volume: StiffnessVolume, pixels: NDArray[np.bool_], correlation_cm2: float) -> float:
    """Return the relative standard error of a region's mean from its finite number of correlation areas.

    Slice i of area A_i holds n_i = max(1, A_i / correlation area) independent samples. The variance of the
    area-weighted mean is the sum over slices of w_i^2 (s_i^2 + d_i^2) / n_i, with w_i = A_i / sum(A), s_i the SD of the
    slice's pixels and d_i the difference of the slice mean from the exam mean.

    Parameters
    ----------
    volume : (S, R, C) stiffness
    pixels : (S, R, C) measured region, not empty
    correlation_cm2 : correlation area
    """
    values = [volume.stiffness_kpa[index][image].astype(np.float64) for index, image in enumerate(pixels)]
    total = int(np.count_nonzero(pixels))
    mean = math.fsum(float(one.sum()) for one in values) / total
    variance = 0.0
    for one in values:
        if one.size:
            independent = max(1.0, one.size * volume.pixel_area_cm2 / correlation_cm2)
            spread = float(np.mean((one - mean) ** 2))
            variance += (one.size / total) ** 2 * spread / independent
    return math.sqrt(variance) / mean if mean > 0.0 else 0.0


def segmentation_error(mean_kpa: float, alternatives: Sequence[float | None]) -> float:
    """Return the relative SD of the mean over other plausible outlines of the liver.

    Parameters
    ----------
    mean_kpa : the exam's mean
    alternatives : means with other outlines, such as those at other thresholds, of a mirrored image, or of the members
        of an ensemble; None for an outline in which nothing can be measured
    """
    if not alternatives:
        return 0.0
    deviations = [EMPTY_LOG_RATIO if one is None or one <= 0.0 else math.log(one / mean_kpa) for one in alternatives]
    return math.sqrt(sum(each**2 for each in deviations) / len(deviations))


def interval_of(mean_kpa: float, sampling: float, segmentation: float, calibration: Calibration) -> StiffnessInterval:
    """Return the 95 % interval of the exam's stiffness.

    Parameters
    ----------
    mean_kpa : the exam's mean, above 0
    sampling, segmentation : results of `sampling_error` and `segmentation_error`
    calibration : weights of the parts
    """
    scale = calibration.scale_at(mean_kpa)
    parts = (scale * sampling, scale * calibration.segmentation_weight * segmentation, scale * calibration.residual)
    reach = Z * math.sqrt(sum(part**2 for part in parts))
    low_kpa, high_kpa = (round(mean_kpa * math.exp(side), _KPA_DECIMALS) for side in (-reach, reach))
    return StiffnessInterval(low_kpa, high_kpa, LEVEL, *parts, calibration=calibration.name)
