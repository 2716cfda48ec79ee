"""Acquisitions made of header values, at any stage, for tests of what carries them."""

from __future__ import annotations

from typing import Any

import numpy as np

from liver_mre.liver.mask import LiverMask, ModelIdentity
from liver_mre.measurement.interval_file import load_calibrations
from liver_mre.measurement.measure import SliceMeasurement, StiffnessMeasurement
from liver_mre.measurement.profile_file import load_profile
from liver_mre.measurement.region import Region
from liver_mre.measurement.staging import stage
from liver_mre.method.stages import NotEvaluable, Segmented, Selected, Staged
from liver_mre.series.acquisition import Acquisition, ScannerMaps, UnitEvidence
from liver_mre.settings import SETTING_NAMES
from liver_mre.stiffness.volume import StiffnessVolume
from liver_mre.studies.study import Instance, Series
from liver_mre.workflow.outcome import Reason

UNIT = UnitEvidence(0.01, 0.0, "vendor_rule", "the rule for Siemens scanners gives 0.01 kPa a count")
MODEL = ModelIdentity(*load_calibrations()[0].model.split(), "0" * 64, "openvino", "f32")
"""The network that the interval was calibrated with."""
SHOWN = ("masked_stiffness",)
WITHOUT_RULES: dict[str, Any] = {name: 0.0 for name in SETTING_NAMES if name.startswith("roi_")}
"""Settings with which every confident pixel of the liver is measured."""
SLICE = (1, 20, 20)


def selected(number: int = 1) -> Selected:
    """Return the acquisition of series 10 * number."""
    instance = Instance("", f"1.2.{number}.1", "1.2.840.10008.5.1.4.1.1.4", f"1.2.{number}")
    series = Series(f"1.2.{number}", 10 * number, (instance,))
    return Selected(number, number - 1, Acquisition(series, ScannerMaps(series, masked=True, unit=UNIT)))


def segmented(
    liver_pixels: int = 400, confident_pixels: int = 400, stiffness_kpa: float = 3.0, *, number: int = 1
) -> Segmented:
    """Return an acquisition of one 20 x 20 slice with pixels of 0.25 cm2, whose first pixels are liver."""
    volume = StiffnessVolume(
        stiffness_kpa=np.full(SLICE, stiffness_kpa, np.float32),
        valid=np.ones(SLICE, np.bool_),
        confident=(np.arange(400) < confident_pixels).reshape(SLICE),
        instances=(Instance("source", "1.2.3", "1.2"),),
        pixel_spacing_mm=(5.0, 5.0),
    )
    mask = LiverMask((np.arange(400) < liver_pixels).reshape(SLICE), MODEL)
    return selected(number).to(Segmented, volume=volume, contour=None, network_channels=SHOWN, mask=mask)


def staged(number: int = 1, *, area_cm2: float = 80.0) -> Staged:
    """Return an acquisition that was measured over an area."""
    measurement = measurement_over(area_cm2)
    found = stage(measurement.mean_kpa, load_profile("resoundant_2019"))
    region = Region(np.ones(SLICE, np.bool_), np.zeros(SLICE, np.uint8), 0.25)
    return segmented(number=number).to(Staged, region=region, measurement=measurement, staging=found)


def not_evaluable(number: int = 1, reason: Reason | None = None) -> NotEvaluable:
    """Return an acquisition without stiffness."""
    return segmented(number=number).to(NotEvaluable, reason=reason or Reason("no_liver", "No liver."))


def measurement_over(area_cm2: float) -> StiffnessMeasurement:
    """Return a measurement of 3 kPa over an area."""
    one = SliceMeasurement(0, "1.2.1.1", 3.0, 0.5, 2.9, area_cm2)
    return StiffnessMeasurement(3.0, 0.5, 2.9, 2.6, 3.3, area_cm2, 2 * area_cm2, (one,))
