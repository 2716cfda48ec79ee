"""Predicted livers of simulated exams at several thresholds, in files: one input situation, or all at run time."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from liver_mre.method.segment_liver import OTHER_THRESHOLDS
from training.cohort.exams import load_simulated_exam
from training.cohort.store import list_exams, seed_of, split_of
from training.errors import CohortError
from training.files import write_arrays
from training.segmentation.predict import THRESHOLD, load_predictor
from training.segmentation.situations import RUN_TIME_SITUATIONS

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from training.cohort.exams import Exam
    from training.cohort.store import Split
    from training.segmentation.predict import Predictor
    from training.segmentation.situations import Situation

LEVELS: Final = (0.1, 0.25, 0.5, 0.75, 0.9)
MODEL_FILE: Final = "model.txt"


@dataclass(frozen=True, slots=True)
class PredictedLiver:
    """A predicted liver: (S, R, C), how many of `LEVELS` the probability of each pixel reaches."""

    reached: NDArray[np.uint8]

    def at(self, level: float) -> NDArray[np.bool_]:
        """Return the liver at one of `LEVELS`."""
        liver: NDArray[np.bool_] = self.reached > LEVELS.index(level)
        return liver

    @property
    def outline(self) -> NDArray[np.bool_]:
        """The liver at the application's threshold."""
        return self.at(THRESHOLD)

    @property
    def alternatives(self) -> tuple[NDArray[np.bool_], ...]:
        """The liver at the application's other thresholds, for its segmentation error."""
        return tuple(self.at(level) for level in OTHER_THRESHOLDS)


def predict_livers(
    data: Path, model: Path, out: Path, *, split: Split | None = None, situation: str = "", limit: int | None = None
) -> int:
    """Predict the liver of every exam of a cohort; existing files are kept; return the number of files.

    Raises `CohortError` if the network was not trained on the situation, or the folder holds livers of another network.

    Parameters
    ----------
    data : folder of a simulated cohort
    model : checkpoint, or folder of a published model
    out : folder for one file per exam
    split : split of the cohort; None takes every exam that the network was not trained on
    situation : input situation; by default the first that the network was trained on
    limit : largest number of exams
    """
    from rich.progress import track

    predictor = load_predictor(model)
    chosen = predictor.situation(situation) if situation else predictor.situations[0]
    out.mkdir(parents=True, exist_ok=True)
    claim_folder(out / MODEL_FILE, f"{predictor.name}\n{predictor.weights_sha256}\n{chosen.name}\n")
    used = frozenset(predictor.exams)
    paths = [path for path in list_exams(data) if split in {None, split_of(seed_of(path))} and path.stem not in used]
    for path in track(paths[:limit], description="predicting livers", transient=True):
        target = out / path.name
        if not target.exists():
            write_arrays(target, {"reached": predicted_liver(predictor, load_simulated_exam(path), chosen).reached})
    return len(list_exams(out))


def predicted_liver(predictor: Predictor, exam: Exam, situation: Situation) -> PredictedLiver:
    """Predict the liver of an exam in an input situation."""
    return PredictedLiver(np.sum(predictor.livers(exam, situation, LEVELS), axis=0, dtype=np.uint8))


def load_liver(folder: Path, name: str) -> PredictedLiver | None:
    """Read the predicted liver of an exam by its file name; None if there is none."""
    path = folder / name
    if not path.exists():
        return None
    with np.load(path, allow_pickle=False) as archive:
        return PredictedLiver(archive["reached"])


def model_of(folder: Path) -> str:
    """Return the network of a folder of predicted livers: lines with its name, digest and input situation."""
    try:
        return (folder / MODEL_FILE).read_text(encoding="utf-8").strip()
    except FileNotFoundError as error:
        message = f"the folder {folder.name} holds no predicted livers: run `livers` first"
        raise CohortError(message) from error


def claim_folder(path: Path, identity: str) -> None:
    """Record what a folder's content is made with; raise `CohortError` if it was made with something else."""
    if path.exists() and path.read_text(encoding="utf-8") != identity:
        message = f"{path.parent.name} holds results of another network, input or version: choose another folder"
        raise CohortError(message)
    path.write_text(identity, encoding="utf-8")


@dataclass(frozen=True, slots=True)
class LiverCache:
    """Predicted livers of exams, one file per exam in a folder per cohort."""

    folder: Path  # of the cache
    model: Path  # segmentation checkpoint, or folder of a published model
    name: str  # of the model
    identity: str  # digest of its weights

    def of(self, path: Path) -> dict[str, PredictedLiver]:
        """Return the predicted livers of an exam by run-time situation."""
        target = self.folder / path.parent.name / path.name
        if target.is_file():
            with np.load(target, allow_pickle=False) as archive:
                return {name: PredictedLiver(reached) for name, reached in archive.items()}
        predictor, exam = _predictor(self.model), load_simulated_exam(path)
        situations = [each for each in predictor.situations if each.name in RUN_TIME_SITUATIONS and each.suits(exam)]
        livers = {each.name: predicted_liver(predictor, exam, each) for each in situations}
        write_arrays(target, {name: liver.reached for name, liver in livers.items()})
        return livers


def open_liver_cache(folder: Path, model: Path) -> LiverCache:
    """Open or create the cache of livers that a model predicts.

    Raises `CohortError` if there is no such model, or the folder holds livers of another one, and
    `models.card.CardError` if the published model is incomplete or damaged.
    """
    predictor = _predictor(model)
    folder.mkdir(parents=True, exist_ok=True)
    claim_folder(folder / MODEL_FILE, f"{predictor.name}\n{predictor.weights_sha256}\n{LEVELS}\n")
    return LiverCache(folder, model, predictor.name, predictor.weights_sha256)


@cache
def _predictor(model: Path) -> Predictor:
    return load_predictor(model)
