"""The segmented livers of simulated exams, in every situation: predicted when first asked for, then kept.

The networks are shown them, and the limits are found with them, as at run time.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from training.cohort.exams import simulated_exam
from training.cohort.store import write_whole
from training.segmentation.predict import load_predictor
from training.segmentation.predicted_livers import LEVELS, MODEL_FILE, PredictedLiver, claim, predicted_liver
from training.segmentation.situations import MEASURED

if TYPE_CHECKING:
    from pathlib import Path

    from training.segmentation.predict import Predictor


@dataclass(frozen=True, slots=True)
class Livers:
    """Predicted livers of exams.

    Attributes
    ----------
    folder : where they are kept, one file an exam, a folder a cohort
    model : segmentation checkpoint or folder of a published model, as at run time
    name : of the model
    identity : digest of its weights
    """

    folder: Path
    model: Path
    name: str
    identity: str

    def of(self, path: Path) -> dict[str, PredictedLiver]:
        """Return the liver of the exam in a file, by the situations in which the application measures."""
        target = self.folder / path.parent.name / path.name
        if target.is_file():
            with np.load(target, allow_pickle=False) as archive:
                return {name: PredictedLiver(reached) for name, reached in archive.items()}
        predictor, exam = _predictor(self.model), simulated_exam(path)
        ways = [each for each in predictor.situations if each.name in MEASURED and each.suits(exam)]
        found = {way.name: predicted_liver(predictor, exam, way) for way in ways}
        target.parent.mkdir(parents=True, exist_ok=True)
        write_whole(target, **{name: liver.reached for name, liver in found.items()})
        return found


def open_livers(folder: Path, model: Path) -> Livers:
    """Return the livers that a model predicts, kept in a folder.

    Raises
    ------
    CohortError
        If there is no such model, or the folder holds the livers of another one.
    models.export.ExportError
        If the published model is incomplete or damaged.
    """
    predictor = _predictor(model)
    folder.mkdir(parents=True, exist_ok=True)
    claim(folder / MODEL_FILE, f"{predictor.name}\n{predictor.weights_sha256}\n{LEVELS}\n")
    return Livers(folder, model, predictor.name, predictor.weights_sha256)


@cache
def _predictor(model: Path) -> Predictor:
    return load_predictor(model)
