"""Predicted livers of simulated exams in all run-time situations, cached in files.

Quality networks and limits are given these livers instead of the true ones, as at run time.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from training.cohort.exams import load_simulated_exam
from training.files import write_arrays
from training.segmentation.predict import load_predictor
from training.segmentation.predicted_livers import LEVELS, MODEL_FILE, PredictedLiver, claim_folder, predicted_liver
from training.segmentation.situations import RUN_TIME_SITUATIONS

if TYPE_CHECKING:
    from pathlib import Path

    from training.segmentation.predict import Predictor


@dataclass(frozen=True, slots=True)
class LiverCache:
    """Predicted livers of exams, one file per exam in a folder per cohort.

    Attributes
    ----------
    folder : of the cache
    model : segmentation checkpoint, or folder of a published model
    name : of the model
    identity : digest of its weights
    """

    folder: Path
    model: Path
    name: str
    identity: str

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

    Raises
    ------
    CohortError
        If there is no such model, or the folder holds livers of another one.
    models.card.CardError
        If the published model is incomplete or damaged.
    """
    predictor = _predictor(model)
    folder.mkdir(parents=True, exist_ok=True)
    claim_folder(folder / MODEL_FILE, f"{predictor.name}\n{predictor.weights_sha256}\n{LEVELS}\n")
    return LiverCache(folder, model, predictor.name, predictor.weights_sha256)


@cache
def _predictor(model: Path) -> Predictor:
    return load_predictor(model)
