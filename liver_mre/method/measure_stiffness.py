"""Step: measure stiffness in the liver of the diagnostic slices, on the original pixel values."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from liver_mre.measurement.interval import calibration_for, interval_of, sampling_error, segmentation_error
from liver_mre.measurement.measure import measure
from liver_mre.measurement.plausibility import check_measurement, check_range
from liver_mre.measurement.region import find_region
from liver_mre.measurement.region_rules import Removal
from liver_mre.method.not_evaluable import because_of_region
from liver_mre.method.stages import Measured, NotEvaluable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from liver_mre.liver.mask import LiverMask
    from liver_mre.measurement.interval import Calibration, StiffnessInterval
    from liver_mre.measurement.region import Region
    from liver_mre.method.stages import Judged
    from liver_mre.method.toolkit import Toolkit

NOT_CALIBRATED_FOR_NETWORK: Final = (
    "No 95 % interval and no probabilities are given: the interval was calibrated with liver outlines by {}, but this "
    "outline is by {}."
)
NOT_CALIBRATED_FOR_INPUT: Final = (
    "No 95 % interval and no probabilities are given: there is no calibration for liver outlines made from {}."
)


def measure_stiffness(judged: Judged, toolkit: Toolkit) -> Measured | NotEvaluable:
    """Measure stiffness in the confident liver that the region rules leave.

    Raises
    ------
    ImplausibleStiffnessError, ContradictoryImagesError
        No liver can have this stiffness, or its slices contradict each other.
    """
    volume, mask = judged.volume, judged.mask
    region = _region(judged, mask, toolkit)
    measurement = measure(volume, mask, region.pixels)
    reason = because_of_region(judged, measurement, toolkit.settings.min_area_cm2)
    if measurement is None or reason is not None:
        return judged.to(NotEvaluable, reason=reason)
    whole = measure(volume, mask, ~region.removed_by(Removal.QUALITY))
    check_measurement(measurement, volume, whole or measurement)
    check_range(volume, region.pixels)
    of_network = [one for one in toolkit.calibrations if one.model == mask.model.title]
    calibration = calibration_for(of_network, judged.network_channels)
    interval = _interval(judged, measurement.mean_kpa, region.pixels, toolkit, calibration) if calibration else None
    warnings = judged.warnings if calibration else (*judged.warnings, _why_no_interval(judged, toolkit))
    measurement = replace(measurement, interval=interval, removed=region.removed)
    return judged.to(Measured, region=region, measurement=measurement, warnings=warnings)


def _region(judged: Judged, mask: LiverMask, toolkit: Toolkit) -> Region:
    """Return the region measured in a liver, in the slices that quality control did not exclude."""
    volume, excluded = judged.volume, judged.quality.excluded if judged.quality else ()
    rules = toolkit.settings.region_rules
    return find_region(volume, mask, rules, excluded=excluded, magnitude=volume.magnitude)


def _why_no_interval(judged: Judged, toolkit: Toolkit) -> str:
    """Return why there is no interval: a calibration holds for one network and one choice of its input channels."""
    calibrated, used = toolkit.calibrations[0].model, judged.mask.model.title
    if calibrated != used:
        return NOT_CALIBRATED_FOR_NETWORK.format(calibrated, used)
    channels = " and ".join(name.replace("_", " ") for name in judged.network_channels)
    return NOT_CALIBRATED_FOR_INPUT.format(channels or "this input")


def _interval(
    judged: Judged, mean_kpa: float, pixels: NDArray[np.bool_], toolkit: Toolkit, calibration: Calibration
) -> StiffnessInterval | None:
    """Return the interval of the mean, from the spread of its pixels and of the means in alternative outlines."""
    if mean_kpa <= 0.0:
        return None
    volume, mask = judged.volume, judged.mask
    alternative_means: list[float | None] = []
    for liver in mask.alternatives:
        alternative = replace(mask, liver=liver, alternatives=())
        found = measure(volume, alternative, _region(judged, alternative, toolkit).pixels)
        alternative_means.append(found.mean_kpa if found else None)
    sampling = sampling_error(volume, pixels, calibration.correlation_cm2)
    return interval_of(mean_kpa, sampling, segmentation_error(mean_kpa, alternative_means), calibration)
