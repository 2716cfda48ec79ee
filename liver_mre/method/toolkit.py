"""What all steps share: the settings, and the rules, profile and models that they name, loaded once."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property
from typing import TYPE_CHECKING, Final, Self, TypeVar

from liver_mre.errors import MemoryShortageError
from liver_mre.measurement.interval_file import load_calibrations
from liver_mre.measurement.profile_file import load_profile
from liver_mre.series.scanner_rules_file import load_scanner_rules
from liver_mre.studies.memory import require_address_space

if TYPE_CHECKING:
    from collections.abc import Callable

    from liver_mre.liver.card import ModelCard
    from liver_mre.liver.network import LiverModel
    from liver_mre.measurement.interval import Calibration
    from liver_mre.measurement.profile import StagingProfile
    from liver_mre.quality.networks import QualityModel
    from liver_mre.series.scanner_rules import ScannerRules
    from liver_mre.settings import Settings

Loaded = TypeVar("Loaded")

ADDRESS_SPACE_BYTES: Final = 1_400_000_000
"""What loading the networks and writing the results maps at least: 1.42 GB on one processor, and 0.1 GB for each more
(measured at version 0.2.0). With less, the libraries crash, wait for ever, or say that the model is unusable."""
LOADING_SECONDS: Final = 300.0
"""Ours: loading takes 2 s of processor time; a thread of it that could not be started is waited for for ever."""


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

    def require_memory(self) -> None:
        """Refuse to begin with less memory than the models need; raises `MemoryShortageError`."""
        require_address_space(ADDRESS_SPACE_BYTES)

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
        """The liver segmentation network on the chosen device.

        Raises
        ------
        ModelError, DeviceError, MemoryShortageError
            It cannot be loaded, or not within five minutes.
        """
        return _loaded(self._start_loading())

    @property
    def quality_model(self) -> QualityModel | None:
        """The quality networks, None if set to judge by physical checks alone; raises as `model` does."""
        return _loaded(self._start_loading_quality())

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


def _loaded(future: Future[Loaded]) -> Loaded:
    try:
        return future.result(LOADING_SECONDS)
    except TimeoutError as error:
        if future.done():  # the error is one of loading
            raise
        message = (
            f"The model could not be loaded within {LOADING_SECONDS:.0f} s, as happens with too little memory. "
            "Give a run 2 GiB, or fewer runs at a time."
        )
        raise MemoryShortageError(message) from error
