"""What all steps share: the settings, and the rules, profile and models that they name, loaded once."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property
from typing import TYPE_CHECKING, Self

from liver_mre.measurement.interval_file import load_calibrations
from liver_mre.measurement.profile_file import load_profile
from liver_mre.series.scanner_rules_file import load_scanner_rules

if TYPE_CHECKING:
    from collections.abc import Callable

    from liver_mre.liver.card import ModelCard
    from liver_mre.liver.network import LiverModel
    from liver_mre.measurement.interval import Calibration
    from liver_mre.measurement.profile import StagingProfile
    from liver_mre.quality.networks import QualityModel
    from liver_mre.series.scanner_rules import ScannerRules
    from liver_mre.settings import Settings


class Toolkit:
    """Shared by all studies of a run, and by all runs of a process; it holds no data of any study.

    Only the settings are pickled: a worker process gets a toolkit that loads its own models.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="toolkit")
        self._model: Future[LiverModel] | None = None
        self._quality_model: Future[QualityModel | None] | None = None

    def __reduce__(self) -> tuple[type[Toolkit], tuple[Settings]]:
        """Pickle the settings only."""
        return Toolkit, (self.settings,)

    def __enter__(self) -> Self:
        """Use it for one or more runs."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop loading in the background; models that are loaded stay usable."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    def preload(self, *others: Callable[[], None]) -> None:
        """Load the models in the background, then call `others`, which prepare what a run needs later."""
        self._start_loading()
        if self.settings.quality_control:
            self._start_loading_quality()
        for other in others:
            self._executor.submit(other)

    @cached_property
    def rules(self) -> ScannerRules:
        """Rules by which scanners' series roles and units are recognised."""
        return load_scanner_rules(self.settings.scanner_rules)

    @cached_property
    def profile(self) -> StagingProfile:
        """The chosen staging profile."""
        return load_profile(self.settings.profile, extra_dir=self.settings.profiles_dir)

    @cached_property
    def card(self) -> ModelCard:
        """The card of the segmentation network, available before the network is loaded; raises `ModelError`."""
        from liver_mre.liver.card import load_card

        return load_card(self.settings.model_dir)

    @cached_property
    def calibrations(self) -> tuple[Calibration, ...]:
        """Calibrations of the 95 % interval, one for each choice of the network's input channels."""
        return load_calibrations()

    @property
    def model(self) -> LiverModel:
        """The liver segmentation network on the chosen device; raises `ModelError` or `DeviceError`."""
        return self._start_loading().result()

    @property
    def quality_model(self) -> QualityModel | None:
        """The quality networks; None if set to judge by physical checks alone; raises `ModelError`."""
        return self._start_loading_quality().result()

    def _start_loading(self) -> Future[LiverModel]:
        if self._model is None:
            self._model = self._executor.submit(self._load_model)
        return self._model

    def _start_loading_quality(self) -> Future[QualityModel | None]:
        if self._quality_model is None:
            self._quality_model = self._executor.submit(self._load_quality_model)
        return self._quality_model

    def _load_quality_model(self) -> QualityModel | None:
        from liver_mre.quality.networks import load_quality_model

        folder = self.settings.quality_dir
        return None if folder is None else load_quality_model(folder, self.settings.threads)

    def _load_model(self) -> LiverModel:
        from liver_mre.liver.network import load_model

        settings = self.settings
        return load_model(
            settings.model_dir, device=settings.device, precision=settings.precision, threads=settings.threads
        )
