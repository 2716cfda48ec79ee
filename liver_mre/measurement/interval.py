"""How far the exam's stiffness can be trusted: a 95 % interval, and what it says about stages.

The error of ln(stiffness) is taken as normal, with three independent parts: sampling (the region is a finite number of
correlated patches), segmentation (the outline could have been drawn otherwise), and what is left. How much they count
was fitted on simulated exams of known truth; the fit is data (`Calibration`).
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
LOST: Final = 0.2
"""Ours: the log ratio that an alternative outline counts as in which nothing is left to be measured."""
_DECIMALS: Final = 5


@dataclass(frozen=True, slots=True)
class StiffnessInterval:
    """Interval that holds the exam's stiffness with the probability `level`, and where its width comes from.

    Attributes
    ----------
    low_kpa, high_kpa : its ends
    level : 0.95
    sampling, segmentation, residual : relative SD of the mean from each source, as they were counted
    calibration : name of the fit that says what each counts
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
    """What was fitted on simulated exams; kept as data with its provenance.

    Attributes
    ----------
    name : names the fit in results
    correlation_cm2 : area over which stiffness is one patch; so much area is one independent value
    segmentation_weight : what the relative SD from segmentation is multiplied by, beside that from sampling
    residual : relative SD of what sampling and segmentation leave unexplained
    bands_kpa : least measured stiffness of each band, ascending from 0
    scales : what the SD from all three is multiplied by in each band
    model : name and version of the network whose outlines it was fitted with
    channels : what that network was shown, as `available_channels` names it
    provenance : in words, for a person
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
        """Return what the SD is multiplied by at a measured stiffness."""
        return self.scales[max(0, int(np.searchsorted(self.bands_kpa, stiffness_kpa, side="right")) - 1)]


def calibration_for(calibrations: Iterable[Calibration], channels: tuple[str, ...]) -> Calibration | None:
    """Return the calibration of outlines that were made from just these channels; None where there is none.

    Without a magnitude a network outlines the liver much less well, so that one fit does not serve another input.
    """
    return next((one for one in calibrations if one.channels == channels), None)


def sampling_error(volume: StiffnessVolume, pixels: NDArray[np.bool_], correlation_cm2: float) -> float:
    """Return the relative standard error of a region's mean from its slices and their correlated pixels.

    Slice i of area A_i holds n_i = max(1, A_i / correlation area) independent values. The variance of the area-weighted
    mean is the sum over slices of w_i^2 (s_i^2 + d_i^2) / n_i, with w_i = A_i / sum(A), s_i the SD of the slice's
    pixels and d_i how far the slice's mean is from the exam's.

    Parameters
    ----------
    volume : (S, R, C) stiffness
    pixels : (S, R, C) measured region, not empty
    correlation_cm2 : as in `Calibration`
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
    alternatives : means with other outlines, such as those at other probabilities of one network, of a mirrored image,
        or of the members of an ensemble; None where nothing could be measured in one
    """
    if not alternatives:
        return 0.0
    apart = [LOST if one is None or one <= 0.0 else math.log(one / mean_kpa) for one in alternatives]
    return math.sqrt(sum(each**2 for each in apart) / len(apart))


def interval_of(mean_kpa: float, sampling: float, segmentation: float, calibration: Calibration) -> StiffnessInterval:
    """Return the 95 % interval of the exam's stiffness.

    Parameters
    ----------
    mean_kpa : the exam's mean, above 0
    sampling, segmentation : as `sampling_error` and `segmentation_error` return them
    calibration : what each counts
    """
    scale = calibration.scale_at(mean_kpa)
    parts = (
        scale * sampling,
        scale * calibration.segmentation_weight * segmentation,
        scale * calibration.residual,
    )
    reach = Z * math.sqrt(sum(part**2 for part in parts))
    return StiffnessInterval(
        low_kpa=round(mean_kpa * math.exp(-reach), _DECIMALS),
        high_kpa=round(mean_kpa * math.exp(reach), _DECIMALS),
        level=LEVEL,
        sampling=parts[0],
        segmentation=parts[1],
        residual=parts[2],
        calibration=calibration.name,
    )
