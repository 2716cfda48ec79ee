"""The method without networks: the outline of the liver is that of the unmutated study, carried over slice by slice.

An outline follows what a slice shows, as a network's would: it belongs to the slice of the base with the same
stiffness, or else of the same instance, place or rank.
"""

from __future__ import annotations

import logging
import resource
import signal
import tempfile
import time
import traceback
import warnings
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from liver_mre.api import study_runs
from liver_mre.errors import MreError
from liver_mre.liver.mask import LiverMask
from liver_mre.method.collect_results import study_result
from liver_mre.method.not_evaluable import NO_MAGNITUDE
from liver_mre.method.stages import Judged, Loaded, NotEvaluable, Segmented
from liver_mre.method.steps import STEPS, steps_until
from liver_mre.method.toolkit import Toolkit
from liver_mre.settings import Settings
from liver_mre.studies.source import open_source
from liver_mre.workflow.runner import run_steps
from liver_mre.workflow.step import ItemStep
from tests.exams import MODEL
from tests.fuzz.bases import base
from tests.fuzz.phantom import make_phantom

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from liver_mre.results.result import StudyResult
    from liver_mre.stiffness.volume import StiffnessVolume

    Volumes = NDArray[np.bool_]
    Adjust = Callable[[StiffnessVolume, Volumes], tuple[StiffnessVolume, Volumes]]

SLOWEST_S: Final = 10.0
LARGEST_BYTES: Final = 1536 * 1024**2
SHARED: Final = 0.9
"""Share of the measured pixels, of the slice that has fewer, that both have."""
CHANNELS: Final = ("stiffness", "confident", "magnitude")
SAME_IMAGE: Final = 0.98
"""Correlation above which two slices show the same stiffness; neighbouring slices reach 0.9."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one study: a number, or why there is none.

    `where` is the place of an exception that nothing expected; `notes` and `code` are for the reader of a finding.
    """

    mean_kpa: float | None = None
    area_cm2: float = 0.0
    slices: int = 0
    code: str = ""
    exit_code: int = 0
    message: str = ""
    where: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reference:
    """An unmutated study: its slices, and the liver in each."""

    stiffness_kpa: NDArray[np.float32]
    liver: NDArray[np.bool_]
    keys: tuple[tuple[str, int | None], ...]
    positions: tuple[tuple[float, float, float] | None, ...]


class HangError(BaseException):
    """A study took longer than it may; no `except Exception` stops it."""


@dataclass(slots=True)
class Workplace:
    """A folder in memory that holds a base's files, changed for one study at a time."""

    folder: Path
    present: dict[str, bytes] = field(default_factory=dict)

    def show(self, files: Mapping[str, bytes]) -> None:
        """Make the folder hold these files and no others."""
        for name in [name for name in self.present if name not in files]:
            (self.folder / name).unlink()
            del self.present[name]
        for name, content in files.items():
            if self.present.get(name) is not content:
                (self.folder / name).write_bytes(content)
                self.present[name] = content


def _reference(seed: int, volume: StiffnessVolume) -> Reference:
    truth = make_phantom(seed).truth.liver[::-1]  # slice 0 is the uppermost, the stack begins at the feet
    rows, columns = volume.stiffness_kpa.shape[1:]
    top, left = (rows - truth.shape[1]) // 2, (columns - truth.shape[2]) // 2
    liver = np.zeros(volume.stiffness_kpa.shape, np.bool_)
    liver[:, top : top + truth.shape[1], left : left + truth.shape[2]] = truth
    keys = tuple((image.sop_instance_uid, image.frame_number) for image in volume.instances)
    return Reference(volume.complete_kpa, liver, keys, tuple(image.position_mm for image in volume.instances))


def _carried(volume: StiffnessVolume, references: Sequence[Reference]) -> NDArray[np.bool_]:
    """Return the liver on the slices of a mutated study."""
    liver = np.zeros(volume.stiffness_kpa.shape, np.bool_)
    for place, image in enumerate(volume.instances):
        found = _same_slice(volume, place, references)
        if found is None:
            key = image.sop_instance_uid, image.frame_number
            candidates = [
                one.liver[index] for one in references for index in range(len(one.liver)) if one.keys[index] == key
            ] or [
                one.liver[index]
                for one in references
                for index in range(len(one.liver))
                if image.position_mm is not None and one.positions[index] == image.position_mm
            ]
            found = candidates[0] if candidates else references[0].liver[min(place, len(references[0].liver) - 1)]
        rows, columns = (min(a, b) for a, b in zip(found.shape, liver.shape[1:], strict=True))
        liver[place, :rows, :columns] = found[:rows, :columns]
    return liver


def _same_slice(volume: StiffnessVolume, place: int, references: Sequence[Reference]) -> NDArray[np.bool_] | None:
    shown = volume.complete_kpa[place].ravel()
    best, found = SAME_IMAGE, None
    for one in references:
        if one.stiffness_kpa.shape[1:] != volume.stiffness_kpa.shape[1:]:
            continue
        for index, other in enumerate(one.stiffness_kpa):
            both = (shown > 0) & (other.ravel() > 0)
            if both.sum() < SHARED * max(1, min((shown > 0).sum(), (other > 0).sum())):
                continue
            one_values, other_values = shown[both], other.ravel()[both]
            varies = one_values.std() > 0 < other_values.std()
            alike = float(np.corrcoef(one_values, other_values)[0, 1]) if varies else 0.0
            if alike > best:
                best, found = alike, one.liver[index]
    return found


def steps(references: Sequence[Reference], adjust: Adjust | None = None) -> tuple[Any, ...]:
    """Return the steps of the method with the known liver in place of networks.

    Parameters
    ----------
    adjust : what a legitimate change does to the volume and the liver of the unmutated study
    """

    def segment(loaded: Loaded, _toolkit: object) -> Segmented:
        volume, liver = loaded.volume, _carried(loaded.volume, references)
        if adjust is not None:
            volume, liver = adjust(volume, liver)
        return loaded.to(Segmented, volume=volume, network_channels=CHANNELS, mask=LiverMask(liver, MODEL))

    def judge(segmented: Segmented, _toolkit: object) -> Judged:
        if segmented.volume.magnitude is None:
            return segmented.to(NotEvaluable, reason=NO_MAGNITUDE)
        return segmented.to(Judged)

    ours = {
        "segment": ItemStep("segment", "known liver", "liver_segmentation", Loaded, segment),
        "quality": ItemStep("quality", "magnitude", "stiffness_measurement", Segmented, judge),
    }
    return tuple(ours.get(step.name, step) for step in STEPS if step.name != "prepare")


def toolkit(**settings: float) -> Toolkit:
    """Return the toolkit of the shipped settings; no network is loaded."""
    made = Toolkit(replace(Settings(), **settings))
    made.card = SimpleNamespace(takes_all_channels=True)  # type: ignore[assignment]
    return made


@lru_cache(maxsize=64)
def reference(name: str, seed: int = 1) -> Reference:
    """Return slices and liver of a base."""
    with tempfile.TemporaryDirectory() as folder:
        Workplace(Path(folder)).show(base(name, seed).files)
        with open_source(Path(folder)) as source:
            (run,) = [run_steps(one, steps_until("load"), toolkit()) for one in study_runs(source)]
    item = run.items[0]
    if not isinstance(item, Loaded):
        message = f"the base {name} cannot be read: {run.failure}"
        raise TypeError(message)
    return _reference(seed, item.volume)


class _Where(logging.Handler):
    """Keeps where the last exception came from that a step did not expect."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.last = ""

    def emit(self, record: logging.LogRecord) -> None:
        """Keep file, line and type."""
        if record.exc_info and record.exc_info[1]:
            self.last = place_of(record.exc_info[1])


def place_of(error: BaseException) -> str:
    """Return type and innermost own place of an exception."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "liver_mre" in frame.filename] or list(frames)
    at = f"{own[-1].filename.split('liver_mre/')[-1]}:{own[-1].name}" if own else "?"
    return f"{type(error).__name__} in {at}"


@contextmanager
def _limits() -> Iterator[None]:
    def stop(*_: object) -> None:
        raise HangError

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, SLOWEST_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)


def run_folder(
    folder: Path, references: Sequence[Reference], *, adjust: Adjust | None = None, tools: Toolkit | None = None
) -> list[Outcome]:
    """Measure the studies of a folder; what is unexpected is an outcome, too."""
    where = _Where()
    log = logging.getLogger("liver_mre.workflow.runner")
    level, spread = log.level, log.propagate
    log.addHandler(where)
    log.setLevel(logging.DEBUG)
    log.propagate = False
    start, before = time.perf_counter(), _peak_bytes()
    try:
        with _limits(), warnings.catch_warnings(), open_source(folder) as source:
            warnings.simplefilter("ignore")
            runs = [run_steps(run, steps(references, adjust), tools or _shared()) for run in study_runs(source)]
            found = [_outcome(study_result(run), where.last) for run in runs]
    except MreError as error:
        found = [Outcome(code=error.code, exit_code=int(error.exit_code), message=str(error))]
    except HangError as error:
        found = [Outcome(code="hang", exit_code=1, where=place_of(error))]
    except Exception as error:  # noqa: BLE001 - the application would end with a traceback
        found = [Outcome(code="traceback", exit_code=1, where=place_of(error))]
    finally:
        log.removeHandler(where)
        log.setLevel(level)
        log.propagate = spread
    peak = _peak_bytes()
    if peak > LARGEST_BYTES and peak > before:
        found.append(Outcome(code="memory", exit_code=1, where=f"{peak / 1024**2:.0f} MB"))
    if time.perf_counter() - start > SLOWEST_S and found[0].code != "hang":
        found.append(Outcome(code="hang", exit_code=1))
    return found


_shared = lru_cache(maxsize=1)(partial(toolkit))


def _peak_bytes() -> int:
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _outcome(result: StudyResult, where: str) -> Outcome:
    measured, reason = result.measured, result.reason
    if measured is None:
        if reason is None:
            return Outcome(code="nothing", exit_code=1)
        crashed = where if reason.code == "internal_error" else ""
        return Outcome(code=reason.code, exit_code=reason.exit_code, message=reason.message, where=crashed)
    found = measured.measurement
    return Outcome(
        found.mean_kpa, found.area_cm2, len(found.slices), notes=(*measured.provenance.notes, *result.warnings)
    )
