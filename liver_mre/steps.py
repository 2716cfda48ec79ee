"""The steps of the method, each from case to case: select, load, prepare, segment, measure, stage."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from liver_mre.core.geometry import order_slices
from liver_mre.core.measurement import measure
from liver_mre.core.preprocess import native_mask, network_input
from liver_mre.core.result import Reason
from liver_mre.core.selection import list_series, select
from liver_mre.core.staging import stage
from liver_mre.core.units import check_plausible
from liver_mre.core.volume import LiverMask
from liver_mre.dicom.rules_file import load_scanner_rules
from liver_mre.staging_profiles import load_profile

if TYPE_CHECKING:
    from collections.abc import Callable

    from liver_mre.case import Case
    from liver_mre.core.result import ExamMeasurement
    from liver_mre.core.rules import ScannerRules
    from liver_mre.core.staging import StagingProfile
    from liver_mre.inference.model import LiverModel
    from liver_mre.settings import Settings

T = TypeVar("T")

AREA_TOO_SMALL = (
    "Only {:.1f} cm2 of the liver reach the confidence threshold and at least {:g} cm2 are needed, so nothing was "
    "measured. Check the driver, the breath-hold and the liver's iron, and repeat the acquisition."
)
NO_LIVER = "No liver was found in the elastogram, so nothing was measured. Look at the images and the driver."
NO_CONFIDENT_LIVER = (
    "No pixel of the liver reaches the confidence threshold, so nothing was measured. "
    "Check the driver, the breath-hold and the liver's iron, and repeat the acquisition."
)


class Toolkit:
    """What the steps need beside the case: settings, and the data and the model they name, loaded once.

    Parameters
    ----------
    settings : the run's settings
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="toolkit")
        self._model: Future[LiverModel] | None = None

    def preload(self, *others: Callable[[], None]) -> None:
        """Start loading the model in the background, and then whatever else a run will need."""
        self._start_loading()
        for other in others:
            self._executor.submit(other)

    @cached_property
    def rules(self) -> ScannerRules:
        """Series roles and units of the known scanners."""
        return load_scanner_rules()

    @cached_property
    def profile(self) -> StagingProfile:
        """The chosen staging profile."""
        return load_profile(self.settings.profile, extra_dir=self.settings.profiles_dir)

    @property
    def model(self) -> LiverModel:
        """The liver segmentation network on the chosen device; raises `ModelError` or `DeviceError`."""
        return self._start_loading().result()

    def _start_loading(self) -> Future[LiverModel]:
        if self._model is None:
            self._model = self._executor.submit(self._load_model)
        return self._model

    def _load_model(self) -> LiverModel:
        from liver_mre.inference.model import load_model

        settings = self.settings
        return load_model(settings.model_dir, device=settings.device, precision=settings.precision)


def select_series(case: Case, toolkit: Toolkit) -> Case:
    """Find the series to measure and the unit of its pixels."""
    study = _have(case.study)
    settings = toolkit.settings
    selection = select(study, toolkit.rules, series_uid=settings.series, kpa_per_count=settings.kpa_per_count)
    return replace(case, selection=selection, decisions=selection.decisions)


def explain_series(case: Case, toolkit: Toolkit) -> Case:
    """Record the role of every series, before one is chosen."""
    return replace(case, decisions=list_series(_have(case.study), toolkit.rules))


def check_geometry(case: Case) -> Case:
    """Refuse a series whose slices are incomplete or contradictory, as reading its pixels would."""
    order_slices(_have(case.selection).stiffness.instances)
    return case


def load_pixels(case: Case, toolkit: Toolkit) -> Case:
    """Read the chosen series as stiffness in kPa."""
    from liver_mre.dicom.pixels import load_volume

    threshold = toolkit.settings.confidence_threshold
    return replace(case, volume=load_volume(_have(case.selection), confidence_threshold=threshold))


def prepare(case: Case, toolkit: Toolkit) -> Case:
    """Window and resize the stiffness to what the network takes."""
    card = toolkit.model.card
    batch = network_input(_have(case.volume), window_kpa=card.window_kpa, size=card.size)
    return replace(case, network_input=batch)


def segment(case: Case, toolkit: Toolkit) -> Case:
    """Predict the liver and bring it back to the pixel grid of the stiffness series."""
    model = toolkit.model
    volume = _have(case.volume)
    probability = model.predict(_have(case.network_input))
    rows, columns = volume.stiffness_kpa.shape[1:]
    liver = native_mask(probability, (rows, columns), threshold=model.card.threshold)
    return replace(case, mask=LiverMask(liver, model.identity), model=model.identity, network_input=None)


def measure_stiffness(case: Case, toolkit: Toolkit) -> Case:
    """Measure stiffness in the liver, on the original pixel values."""
    mask = _have(case.mask)
    measurement = measure(_have(case.volume), mask)
    reason = _why_not_evaluable(mask, measurement, toolkit.settings.min_area_cm2)
    if measurement is None or reason is not None:
        return replace(case, not_evaluable=reason)
    check_plausible(measurement.median_kpa)
    return replace(case, measurement=measurement)


def _why_not_evaluable(mask: LiverMask, measurement: ExamMeasurement | None, min_area_cm2: float) -> Reason | None:
    if not mask.liver.any():
        return Reason("no_liver", NO_LIVER)
    if measurement is None:
        return Reason("no_confident_liver", NO_CONFIDENT_LIVER)
    if measurement.area_cm2 < min_area_cm2:
        return Reason("area_too_small", AREA_TOO_SMALL.format(measurement.area_cm2, min_area_cm2))
    return None


def stage_fibrosis(case: Case, toolkit: Toolkit) -> Case:
    """Read the stiffness against the chosen profile."""
    if case.measurement is None:
        return case
    return replace(case, staging=stage(case.measurement.mean_kpa, toolkit.profile))


def _have(value: T | None) -> T:
    """Return what an earlier step must have found."""
    if value is None:
        message = "a step ran before the one that it depends on"
        raise TypeError(message)
    return value
