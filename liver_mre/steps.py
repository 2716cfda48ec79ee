"""The steps of the method: select and choose from case to case; load, prepare, segment, measure, stage an exam."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from liver_mre import APPLICATION, __version__
from liver_mre.calibration import load_calibration
from liver_mre.core.change import change_since
from liver_mre.core.measurement import measure, measure_contour, region_of_interest
from liver_mre.core.preprocess import native_mask, network_input, shown_channels, view_of
from liver_mre.core.result import Reason
from liver_mre.core.roi import find_region
from liver_mre.core.selection import list_series, select
from liver_mre.core.selection.acquisitions import preferred, with_choice
from liver_mre.core.staging import stage
from liver_mre.core.uncertainty import interval_of, sampling_error, segmentation_error
from liver_mre.core.units import check_plausible
from liver_mre.core.volume import LiverMask
from liver_mre.dicom.rules_file import load_scanner_rules
from liver_mre.exam import Exam, released
from liver_mre.staging_profiles import load_profile

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from liver_mre.case import Case
    from liver_mre.core.result import ExamMeasurement, StiffnessInterval
    from liver_mre.core.roi import Region
    from liver_mre.core.rules import ScannerRules
    from liver_mre.core.staging import StagingProfile
    from liver_mre.core.uncertainty import Calibration
    from liver_mre.inference.card import ModelCard
    from liver_mre.inference.model import LiverModel
    from liver_mre.inference.quality_model import QualityModel
    from liver_mre.settings import Settings

T = TypeVar("T")

OTHER_THRESHOLDS = (0.25, 0.75)
"""Probabilities at which the liver could as well have been outlined; the calibration of the interval took the same."""

AREA_TOO_SMALL = (
    "Only {:.1f} cm2 of the liver can be measured by confidence and by the rules of the region, and at least {:g} cm2 "
    "are needed, so nothing was measured. Check the driver, the breath-hold and the liver's iron, and repeat the "
    "acquisition."
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
        return load_scanner_rules(self.settings.scanner_rules)

    @cached_property
    def profile(self) -> StagingProfile:
        """The chosen staging profile."""
        return load_profile(self.settings.profile, extra_dir=self.settings.profiles_dir)

    @cached_property
    def card(self) -> ModelCard:
        """What the network takes and gives; it is read before the network itself. Raises `ModelError`."""
        from liver_mre.inference.card import load_card

        return load_card(self.settings.model_dir)

    @cached_property
    def calibration(self) -> Calibration:
        """What the 95 % interval is made with."""
        return load_calibration()

    @property
    def model(self) -> LiverModel:
        """The liver segmentation network on the chosen device; raises `ModelError` or `DeviceError`."""
        return self._start_loading().result()

    @cached_property
    def quality_model(self) -> QualityModel | None:
        """The networks that judge quality; None where there are none; raises `ModelError`."""
        from liver_mre.inference.quality_model import load_quality_model

        return load_quality_model(self.settings.quality_dir)

    def _start_loading(self) -> Future[LiverModel]:
        if self._model is None:
            self._model = self._executor.submit(self._load_model)
        return self._model

    def _load_model(self) -> LiverModel:
        from liver_mre.inference.model import load_model

        settings = self.settings
        return load_model(settings.model_dir, device=settings.device, precision=settings.precision)


def select_series(case: Case, toolkit: Toolkit) -> Case:
    """Find the acquisitions to measure and the unit of their pixels."""
    study = _have(case.study)
    settings = toolkit.settings
    found = select(study, toolkit.rules, series_uid=settings.series, kpa_per_count=settings.kpa_per_count)
    exams = tuple(Exam(number, selection) for number, selection in enumerate(found.acquisitions, start=1))
    return replace(case, exams=exams, rejected=found.rejected, decisions=found.decisions)


def explain_series(case: Case, toolkit: Toolkit) -> Case:
    """Record the role of every series, before any is chosen."""
    settings = toolkit.settings
    found = list_series(
        _have(case.study), toolkit.rules, series_uid=settings.series, kpa_per_count=settings.kpa_per_count
    )
    return replace(case, decisions=found)


def load_pixels(exam: Exam, toolkit: Toolkit) -> Exam:
    """Read the stiffness series in kPa, and what else the network takes."""
    from liver_mre.dicom.pixels import load_volume

    volume = load_volume(
        exam.selection,
        confidence_threshold=toolkit.settings.confidence_threshold,
        companions=toolkit.card.takes_what_a_study_has,
    )
    return replace(exam, volume=volume, contour=measure_contour(volume), pixel_notes=volume.notes)


def prepare(exam: Exam, toolkit: Toolkit) -> Exam:
    """Arrange, window and resize what the network is shown."""
    card = toolkit.model.card
    volume = _have(exam.volume)
    view = view_of(volume, card.field_of_view_mm)
    batch = network_input(volume, channels=card.channels, window_kpa=card.window_kpa, size=card.size, view=view)
    return replace(exam, network_input=batch, network_channels=shown_channels(volume, card.channels))


def segment(exam: Exam, toolkit: Toolkit) -> Exam:
    """Predict the liver and bring it back to the pixel grid of the stiffness series."""
    model = toolkit.model
    volume = _have(exam.volume)
    probability = model.predict(_have(exam.network_input))
    rows, columns = volume.stiffness_kpa.shape[1:]
    view = view_of(volume, model.card.field_of_view_mm)
    liver, *others = (
        native_mask(probability, (rows, columns), threshold=threshold, view=view)
        for threshold in (model.card.threshold, *OTHER_THRESHOLDS)
    )
    mask = LiverMask(liver, model.identity, tuple(others))
    return replace(exam, mask=mask, model=model.identity, network_input=None)


def measure_stiffness(exam: Exam, toolkit: Toolkit) -> Exam:
    """Measure stiffness in the liver of diagnostic slices, on the original pixel values."""
    if exam.not_evaluable is not None:
        return exam
    mask = _have(exam.mask)
    volume = _have(exam.volume)
    region = _region(exam, mask, toolkit)
    measurement = measure(volume, mask, region.pixels)
    confident = region_of_interest(volume, mask).any()
    reason = _why_not_evaluable(mask, measurement, toolkit.settings.min_area_cm2, confident=bool(confident))
    if measurement is None or reason is not None:
        return replace(exam, not_evaluable=reason)
    check_plausible(measurement.median_kpa)
    interval = _interval(exam, measurement.mean_kpa, region.pixels, toolkit)
    return replace(exam, region=region, measurement=replace(measurement, interval=interval, removed=region.removed))


def _region(exam: Exam, mask: LiverMask, toolkit: Toolkit) -> Region:
    """Return what of the liver is measured in the slices that quality control left."""
    volume = _have(exam.volume)
    excluded = exam.quality.excluded if exam.quality else ()
    return find_region(volume, mask, toolkit.settings.roi_rules, excluded=excluded, magnitude=volume.magnitude)


def _interval(exam: Exam, mean_kpa: float, pixels: NDArray[np.bool_], toolkit: Toolkit) -> StiffnessInterval | None:
    """Return the interval of the exam's stiffness, by the spread of its pixels and of other outlines of the liver."""
    if mean_kpa <= 0.0:
        return None
    volume, mask = _have(exam.volume), _have(exam.mask)
    calibration = toolkit.calibration
    others: list[float | None] = []
    for liver in mask.alternatives:
        other = replace(mask, liver=liver, alternatives=())
        found = measure(volume, other, _region(exam, other, toolkit).pixels)
        others.append(found.mean_kpa if found else None)
    sampling = sampling_error(volume, pixels, calibration.correlation_cm2)
    return interval_of(mean_kpa, sampling, segmentation_error(mean_kpa, others), calibration)


def _why_not_evaluable(
    mask: LiverMask, measurement: ExamMeasurement | None, min_area_cm2: float, *, confident: bool
) -> Reason | None:
    if not mask.liver.any():
        return Reason("no_liver", NO_LIVER)
    if not confident:
        return Reason("no_confident_liver", NO_CONFIDENT_LIVER)
    area_cm2 = measurement.area_cm2 if measurement else 0.0
    if measurement is None or area_cm2 < min_area_cm2:
        return Reason("area_too_small", AREA_TOO_SMALL.format(area_cm2, min_area_cm2))
    return None


def choose_exams(case: Case, toolkit: Toolkit) -> Case:
    """Choose which exams are reported: the one with the largest measured area, or all if the settings say so.

    Where none could be measured, the last that was looked at completely says why.
    """
    best = preferred([exam.area_cm2 for exam in case.exams])
    if best is None:
        best = max(index for index, exam in enumerate(case.exams) if exam.failure is None)
    every = toolkit.settings.all_acquisitions
    exams = []
    for index, exam in enumerate(case.exams):
        if exam.failure is None and (every or index == best):
            exams.append(replace(exam, reported=True, represents=index == best))
        else:
            exams.append(released(exam))
    outcomes = {
        exam.selection.stiffness.series_instance_uid: _why_not_reported(exam, case.exams[best])
        for exam in exams
        if not exam.reported
    }
    exams = [_compared(exam, case, toolkit) if exam.reported else exam for exam in exams]
    chosen = case.exams[best].selection.stiffness.series_instance_uid
    return replace(case, exams=tuple(exams), decisions=with_choice(case.decisions, chosen, outcomes))


def _compared(exam: Exam, case: Case, toolkit: Toolkit) -> Exam:
    """Hold a measured exam against the latest earlier one of the patient that the input holds a report of."""
    reports = case.study.reports if case.study else ()
    if exam.measurement is None or not reports:
        return exam
    from liver_mre.dicom.prior import find_prior

    prior = find_prior(reports, exam.selection.stiffness.first)
    if prior is None:
        return exam
    model = _have(exam.model)
    made_by = (f"{APPLICATION} {__version__}", f"{model.name} {model.version}")
    threshold = toolkit.settings.repeatability_percent
    change = change_since(prior, exam.measurement.mean_kpa, made_by, threshold_percent=threshold)
    return replace(exam, change=change)


def _why_not_reported(exam: Exam, best: Exam) -> str:
    reason = exam.failure or exam.not_evaluable
    if reason is not None:
        return reason.message
    return (
        f"Measured, but {best.name} shows more measurable liver: {best.area_cm2 or 0.0:.0f} cm2 against "
        f"{exam.area_cm2 or 0.0:.0f} cm2."
    )


def stage_fibrosis(exam: Exam, toolkit: Toolkit) -> Exam:
    """Read the stiffness against the chosen profile."""
    if exam.measurement is None:
        return exam
    measured = exam.measurement
    return replace(exam, staging=stage(measured.mean_kpa, toolkit.profile, measured.interval))


def _have(value: T | None) -> T:
    """Return what an earlier step must have found."""
    if value is None:
        message = "a step ran before the one that it depends on"
        raise TypeError(message)
    return value
