"""Refusal of results that no liver can have."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from liver_mre.errors import ContradictoryImagesError, ImplausibleStiffnessError
from liver_mre.stiffness.pixel_evidence import CUT_ABOVE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from liver_mre.measurement.measure import StiffnessMeasurement
    from liver_mre.stiffness.volume import StiffnessVolume

PLAUSIBLE_KPA: Final = (0.5, 20.0)
"""Ours, of mean and median: below any in-vivo liver, above any cirrhotic one."""
LARGE_SLICE_CM2: Final = 3.0
"""Ours: a smaller part of the liver may be unlike the rest, and hardly changes the mean."""
MAX_SLICE_RATIO: Final = 1.5
"""Ours, between a slice's liver and the others': at most 1.42 in good simulated exams of four physics."""
MAX_BODY_RATIO: Final = 1.3
"""Ours, between pixels of the body and the same pixels of the next slice: at most 1.25 in good simulated exams of four
physics. What changes less, or from slice to slice alike, nothing tells from a patient."""
SHARED_BODY_CM2: Final = 50.0
"""Ours: a smaller part of the body may be unlike its neighbour; a trunk has hundreds."""
SHARED_CONFIDENT_CM2: Final = 5.0
"""Ours: without as many pixels that are confident in both slices, noise alone may make one seem stiffer."""
LEAST_CUT: Final = 12
MAX_SHARE_CUT: Final = 0.03
"""Ours: more pixels of a slice's region at one largest value, so far above the median, are no top of a hill: the range
of the image ends there. In good simulated exams none are, where a scanner cuts at 20 kPa a few hot spots."""
_CHECK: Final = "Nothing was measured; check the images and the scanner's scale."


def check_measurement(measurement: StiffnessMeasurement, volume: StiffnessVolume, whole: StiffnessMeasurement) -> None:
    """Refuse a measurement that no liver can have.

    Parameters
    ----------
    measurement : the measurement
    volume : what it was measured in
    whole : the same of all confident liver of these slices: a rule of the region may have removed a slice that differs

    Raises
    ------
    ImplausibleStiffnessError
        Mean or median is outside 0.5-20 kPa, or the SD of the exam or of a slice exceeds its mean.
    ContradictoryImagesError
        A slice differs from the others by a factor that no anatomy gives.
    """
    low, high = PLAUSIBLE_KPA
    for name, value_kpa in (("mean", measurement.mean_kpa), ("median", measurement.median_kpa)):
        if not low <= value_kpa <= high:
            msg = (
                f"The {name} over the measured region would be {value_kpa:.3g} kPa, outside {low:g}-{high:g} kPa, so "
                f"the unit of the pixels cannot be right. {_CHECK}"
            )
            raise ImplausibleStiffnessError(msg)
    large = [one for one in measurement.slices if one.area_cm2 >= LARGE_SLICE_CM2]
    spreads = [(one.stiffness_kpa_mean, one.stiffness_kpa_sd) for one in large]
    for mean_kpa, sd_kpa in ((measurement.mean_kpa, measurement.sd_kpa), *spreads):
        if sd_kpa > mean_kpa:
            msg = (
                f"The measured region would have {mean_kpa:.3g} kPa with a standard deviation of {sd_kpa:.3g} kPa, "
                f"more than its mean, which no liver has. {_CHECK}"
            )
            raise ImplausibleStiffnessError(msg)
    livers = [one for one in whole.slices if one.area_cm2 >= LARGE_SLICE_CM2]
    indices = [one.slice_index for one in livers]
    _check_livers(volume, indices, [one.stiffness_kpa_mean for one in livers])
    if not volume.only_masked:
        _check_bodies(volume, indices)


def check_range(volume: StiffnessVolume, pixels: NDArray[np.bool_]) -> None:
    """Refuse a region of which a part has the largest value that the image can hold: its stiffness is higher.

    Parameters
    ----------
    volume : (S, R, C) stiffness
    pixels : (S, R, C) measured region

    Raises
    ------
    ImplausibleStiffnessError
        The range of the pixels was cut in more than a few of them.
    """
    for index, where in enumerate(pixels):
        values = volume.stiffness_kpa[index][where]
        if not values.size or (top_kpa := float(values.max())) < CUT_ABOVE * float(np.median(values)):
            continue
        count = int(np.count_nonzero(values == top_kpa))
        if count >= LEAST_CUT and count > MAX_SHARE_CUT * values.size:
            msg = (
                f"In image {volume.instances[index].instance_number} of the stiffness series {count / values.size:.0%} "
                f"of the measured pixels have its largest value, {top_kpa:.3g} kPa: its range was cut there, and the "
                "stiffness is higher by an unknown amount. Nothing was measured; send the series with its full range."
            )
            raise ImplausibleStiffnessError(msg)


def _check_livers(volume: StiffnessVolume, indices: Sequence[int], means_kpa: Sequence[float]) -> None:
    """Refuse a slice whose liver differs from the median of the others by more than a factor."""
    for place, (index, mean_kpa) in enumerate(zip(indices, means_kpa, strict=True)):
        others_kpa = [*means_kpa[:place], *means_kpa[place + 1 :]]
        if not others_kpa:
            return
        usual_kpa = float(np.median(others_kpa))
        if not usual_kpa / MAX_SLICE_RATIO <= mean_kpa <= usual_kpa * MAX_SLICE_RATIO:
            finding = f"the liver would have {mean_kpa:.3g} kPa, but {usual_kpa:.3g} kPa in the other slices"
            raise _unlike(volume, index, finding)


def _check_bodies(volume: StiffnessVolume, indices: Sequence[int]) -> None:
    """Refuse a slice that is stiffer or softer, all over the body, than every measured neighbour."""
    nearest: dict[int, float] = {}
    for one, other in pairwise(indices):
        ratio = _body_ratio(volume, one, other)
        if ratio is None:
            continue
        for index, found in ((one, ratio), (other, 1.0 / ratio)):
            nearest[index] = min(nearest.get(index, found), found, key=lambda value: abs(math.log(value)))
    for index, ratio in nearest.items():
        if not 1.0 / MAX_BODY_RATIO <= ratio <= MAX_BODY_RATIO:
            finding = f"the stiffness all over the body is {ratio:.2f} times that of the next slice"
            raise _unlike(volume, index, finding)


def _body_ratio(volume: StiffnessVolume, one: int, other: int) -> float | None:
    """Return the median ratio of the pixels that two slices share; None where they share too few.

    A change of scale shows in all pixels and in the confident ones, noise in the others alone: of the two ratios it is
    the one nearer to 1.
    """
    pair_kpa = volume.complete_kpa[one], volume.complete_kpa[other]
    shared = (pair_kpa[0] > 0.0) & (pair_kpa[1] > 0.0)
    ratios = []
    for where, least_cm2 in (
        (shared, SHARED_BODY_CM2),
        (shared & volume.confident[one] & volume.confident[other], SHARED_CONFIDENT_CM2),
    ):
        if np.count_nonzero(where) * volume.pixel_area_cm2 < least_cm2:
            return None
        ratios.append(float(np.median(pair_kpa[0][where] / pair_kpa[1][where])))
    return min(ratios, key=lambda ratio: abs(math.log(ratio)))


def _unlike(volume: StiffnessVolume, index: int, finding: str) -> ContradictoryImagesError:
    msg = (
        f"In image {volume.instances[index].instance_number} of the stiffness series {finding}. No patient differs so "
        "between slices, so the scale or the pixels of an image were changed. Nothing was measured; send the series "
        "again as the scanner stored it."
    )
    return ContradictoryImagesError(msg)
