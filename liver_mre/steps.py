"""The first steps of the method: select the series of a case; load, prepare and segment an exam."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from liver_mre.calibration import load_calibrations
from liver_mre.core.measurement import measure_contour
from liver_mre.core.preprocess import native_mask, network_input, shown_channels, view_of
from liver_mre.core.selection import list_series, select
from liver_mre.core.volume import LiverMask
from liver_mre.dicom.rules_file import load_scanner_rules
from liver_mre.exam import Exam
from liver_mre.staging_profiles import load_profile

if TYPE_CHECKING:
    from collections.abc import Callable

    from liver_mre.case import Case
    from liver_mre.core.rules import ScannerRules
    from liver_mre.core.staging import StagingProfile
    from liver_mre.core.uncertainty import Calibration
    from liver_mre.dicom.prior import PriorReports
    from liver_mre.inference.card import ModelCard
    from liver_mre.inference.model import LiverModel
    from liver_mre.inference.quality_model import QualityModel
    from liver_mre.settings import Settings

T = TypeVar("T")

OTHER_THRESHOLDS = (0.25, 0.75)
"""Probabilities at which the liver could as well have been outlined; the calibration of the interval took the same."""


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
        self._quality_model: Future[QualityModel | None] | None = None

    def preload(self, *others: Callable[[], None]) -> None:
        """Start loading the models in the background, and then whatever else a run will need."""
        self._start_loading()
        if self.settings.quality_control:
            self._start_loading_quality()
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
    def calibrations(self) -> tuple[Calibration, ...]:
        """What the 95 % interval is made with: one for each input of the network."""
        return load_calibrations()

    @property
    def model(self) -> LiverModel:
        """The liver segmentation network on the chosen device; raises `ModelError` or `DeviceError`."""
        return self._start_loading().result()

    @property
    def quality_model(self) -> QualityModel | None:
        """The networks that judge quality; None where physics alone shall judge; raises `ModelError`."""
        return self._start_loading_quality().result()

    @cached_property
    def prior_reports(self) -> PriorReports:
        """The earlier reports that the input holds."""
        from liver_mre.dicom.prior import PriorReports

        return PriorReports()

    def _start_loading(self) -> Future[LiverModel]:
        if self._model is None:
            self._model = self._executor.submit(self._load_model)
        return self._model

    def _start_loading_quality(self) -> Future[QualityModel | None]:
        if self._quality_model is None:
            self._quality_model = self._executor.submit(self._load_quality_model)
        return self._quality_model

    def _load_quality_model(self) -> QualityModel | None:
        from liver_mre.inference.quality_model import load_quality_model

        folder = self.settings.quality_dir
        return None if folder is None else load_quality_model(folder)

    def _load_model(self) -> LiverModel:
        from liver_mre.inference.model import load_model

        settings = self.settings
        return load_model(settings.model_dir, device=settings.device, precision=settings.precision)


def select_series(case: Case, toolkit: Toolkit) -> Case:
    """Find the acquisitions to measure and the unit of their pixels."""
    study = have(case.study)
    settings = toolkit.settings
    found = select(study, toolkit.rules, series_uid=settings.series, kpa_per_count=settings.kpa_per_count)
    exams = tuple(Exam(number, selection) for number, selection in enumerate(found.acquisitions, start=1))
    return replace(case, exams=exams, rejected=found.rejected, decisions=found.decisions)


def explain_series(case: Case, toolkit: Toolkit) -> Case:
    """Record the role of every series, before any is chosen."""
    settings = toolkit.settings
    found = list_series(
        have(case.study), toolkit.rules, series_uid=settings.series, kpa_per_count=settings.kpa_per_count
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
    volume = have(exam.volume)
    view = view_of(volume, card.field_of_view_mm)
    batch = network_input(volume, channels=card.channels, window_kpa=card.window_kpa, size=card.size, view=view)
    return replace(exam, network_input=batch, network_channels=shown_channels(volume, card.channels))


def segment(exam: Exam, toolkit: Toolkit) -> Exam:
    """Predict the liver and bring it back to the pixel grid of the stiffness series."""
    model = toolkit.model
    volume = have(exam.volume)
    probability = model.predict(have(exam.network_input))
    rows, columns = volume.stiffness_kpa.shape[1:]
    view = view_of(volume, model.card.field_of_view_mm)
    liver, *others = (
        native_mask(probability, (rows, columns), threshold=threshold, view=view)
        for threshold in (model.card.threshold, *OTHER_THRESHOLDS)
    )
    mask = LiverMask(liver, model.identity, tuple(others))
    return replace(exam, mask=mask, model=model.identity, network_input=None)


def have(value: T | None) -> T:
    """Return what an earlier step must have found; raises `TypeError` where it has not."""
    if value is None:
        message = "a step ran before the one that it depends on"
        raise TypeError(message)
    return value
