"""Livers that a network predicts in simulated exams, at several thresholds: made once, used by several studies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from liver_mre.steps import OTHER_THRESHOLDS
from training.cohort.exams import simulated_exam
from training.cohort.store import CohortError, list_exams, seed_of, split_of, write_whole

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from training.cohort.exams import Exam
    from training.cohort.store import Split
    from training.segmentation.predict import Predictor
    from training.segmentation.situations import Situation

LEVELS: Final = (0.1, 0.25, 0.5, 0.75, 0.9)
THRESHOLD: Final = 0.5
"""Probability at which the liver is outlined; a published card carries it."""
MODEL_FILE: Final = "model.txt"


@dataclass(frozen=True, slots=True)
class PredictedLiver:
    """A network's liver, (S, R, C) on the exam's grid: how many of `LEVELS` the probability of each pixel reaches."""

    reached: NDArray[np.uint8]

    def at(self, level: float) -> NDArray[np.bool_]:
        """Return the liver at one of `LEVELS`."""
        liver: NDArray[np.bool_] = self.reached > LEVELS.index(level)
        return liver

    @property
    def outline(self) -> NDArray[np.bool_]:
        """The liver as the application outlines it."""
        return self.at(THRESHOLD)

    @property
    def alternatives(self) -> tuple[NDArray[np.bool_], ...]:
        """The other outlines that the application finds plausible."""
        return tuple(self.at(level) for level in OTHER_THRESHOLDS)


def predict_livers(
    data: Path, model: Path, out: Path, *, split: Split | None = None, situation: str = "", limit: int | None = None
) -> int:
    """Predict the liver of every exam of a cohort; exams that exist in `out` are kept.

    Parameters
    ----------
    data : folder of a simulated cohort
    model : checkpoint, or folder of a published model
    out : folder for one file an exam
    split : split of the cohort; None takes every exam that the network was not trained on
    situation : what of an exam the network is shown; by default the first that it was made for
    limit : largest number of exams

    Returns
    -------
    How many exams there are in `out` now.

    Raises
    ------
    CohortError
        If there is no such situation, or the folder holds the livers of another network.
    """
    from rich.progress import track

    from training.segmentation.predict import load_predictor

    predictor = load_predictor(model)
    known = {item.name: item for item in predictor.situations}
    shown = known.get(situation or next(iter(known)))
    if shown is None:
        message = f"the network was not made for the situation {situation}; it knows {', '.join(known)}"
        raise CohortError(message)
    out.mkdir(parents=True, exist_ok=True)
    claim(out / MODEL_FILE, f"{predictor.name}\n{predictor.weights_sha256}\n{shown.name}\n")
    seen = frozenset(predictor.exams)
    paths = [path for path in list_exams(data) if split in {None, split_of(seed_of(path))} and path.stem not in seen]
    for path in track(paths[:limit], description="predicting livers", transient=True):
        target = out / path.name
        if not target.exists():
            write_whole(target, reached=predicted_liver(predictor, simulated_exam(path), shown).reached)
    return len(list_exams(out))


def predicted_liver(predictor: Predictor, exam: Exam, shown: Situation) -> PredictedLiver:
    """Return the liver that a network predicts in an exam, of which it is shown what a situation says."""
    return PredictedLiver(np.sum(predictor.livers(exam, shown, LEVELS), axis=0, dtype=np.uint8))


def load_liver(folder: Path, name: str) -> PredictedLiver | None:
    """Read the predicted liver of an exam by its file's name; None where there is none."""
    path = folder / name
    if not path.exists():
        return None
    with np.load(path, allow_pickle=False) as archive:
        return PredictedLiver(archive["reached"])


def model_of(folder: Path) -> str:
    """Return which network predicted the livers of a folder, on what: three lines, name, digest and situation."""
    try:
        return (folder / MODEL_FILE).read_text(encoding="utf-8").strip()
    except FileNotFoundError as error:
        message = f"the folder {folder.name} holds no predicted livers: make them with `livers` first"
        raise CohortError(message) from error


def claim(path: Path, identity: str) -> None:
    """Write what a folder's content is made with; raises `CohortError` where it was something else before."""
    if path.exists() and path.read_text(encoding="utf-8") != identity:
        message = f"{path.parent.name} holds results of another network, input or version: choose another folder"
        raise CohortError(message)
    path.write_text(identity, encoding="utf-8")
