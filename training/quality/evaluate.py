"""The majority vote of the fold networks on held-out patients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import torch

from liver_mre.quality.verdict import CAUSES
from training.cohort.store import list_exams
from training.errors import TrainingError
from training.files import read_json, write_json, write_rows
from training.quality.compare import COMPARISON, fold_file
from training.quality.networks import ARCHITECTURES, load_ensemble
from training.quality.scores import ballot_of, confusion, score
from training.quality.situations import SITUATIONS, WITH_WAVES
from training.quality.slices import DIAGNOSTIC, read_slices
from training.quality.train import FOLDS, predict
from training.segmentation.predict import weights_digest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from training.quality.slices import Slices
    from training.segmentation.predicted_livers import LiverCache

EVALUATION: Final = "evaluation.json"


def run_weights(run: Path, architecture: str) -> tuple[dict[str, Tensor], list[dict[str, Any]]]:
    """Return the weights of the fold networks as one ensemble, and the settings of each.

    Raises `TrainingError` if a fold is missing.
    """
    weights: dict[str, Tensor] = {}
    settings = []
    for fold in range(FOLDS):
        file = fold_file(run, architecture, fold)
        if not file.is_file():
            message = f"{architecture} has no fold {fold + 1} in {run.name}: train all {FOLDS} first"
            raise TrainingError(message)
        state = torch.load(file, weights_only=True, map_location="cpu")
        weights |= {f"members.{fold}.{name}": value for name, value in state["weights"].items()}
        settings.append(state["told"] | {"seconds": state["seconds"]})
    return weights, settings


def chosen_architecture(run: Path, named: str | None) -> str:
    """Return the named architecture, or else the best of the comparison.

    Raises `TrainingError` if none is named and there is no comparison.
    """
    if named:
        return named
    path = run / f"{COMPARISON}.json"
    if not path.is_file():
        message = f"{run.name} holds no comparison: finish it, or pass --network"
        raise TrainingError(message)
    return str(read_json(path)["best"])


def evaluate(
    run: Path,
    data: Sequence[Path],
    livers: LiverCache,
    out: Path,
    *,
    architecture: str | None = None,
    train_data: Sequence[Path] = (),
    limit: int | None = None,
) -> dict[str, Any]:
    """Evaluate the vote on a test cohort, and write evaluation.json and slices.csv.

    Raises `TrainingError` if a fold is missing, or an exam of the test cohort was used in training, and `CohortError`
    if a folder holds no simulated exam.
    """
    name = chosen_architecture(run, architecture)
    weights, settings = run_weights(run, name)
    used = {path.name for folder in train_data for path in list_exams(folder)}
    if shared := used & {path.name for folder in data for path in list_exams(folder)}:
        message = f"{len(shared)} exams were used in training: evaluate on a cohort of another seed"
        raise TrainingError(message)
    slices = read_slices(data, livers, limit)
    ensemble = load_ensemble(name, weights)
    summary: dict[str, Any] = {
        "network": ARCHITECTURES[name],
        "architecture": name,
        "weights_sha256": weights_digest(weights),
        "members": FOLDS,
        "epochs": settings[0]["epochs"],
        "training_digest": settings[0]["digest"],
        "livers": livers.name,
        "exams": len(set(slices.exams.tolist())),
        "slices": len(slices.causes),
        "causes": {str(cause): int((slices.causes == index).sum()) for index, cause in enumerate(CAUSES)},
        "situations": {},
    }
    out.mkdir(parents=True, exist_ok=True)
    for situation in SITUATIONS:
        logits = predict(ensemble, slices, situation)
        summary["situations"][situation] = score(logits, slices.causes, slices.out_of_domain).as_dict()
        if situation == WITH_WAVES:
            summary["confusion"] = confusion(logits, slices.causes)
            _write_slices(out, slices, logits)
    write_json(out / EVALUATION, summary)
    return summary


def _write_slices(out: Path, slices: Slices, logits: NDArray[np.float32]) -> None:
    ballot = ballot_of(logits)
    rows = [
        {
            "exam": slices.exams[i],
            "slice": slices.levels[i],
            "confident_cm2": round(slices.confident_cm2[i], 2),
            "truth": "diagnostic" if truth == DIAGNOSTIC else str(CAUSES[truth]),
            "called": "diagnostic" if ballot.diagnostic[i] else "not diagnostic",
            "probability": round(ballot.probability[i], 4),
            "cause": str(CAUSES[ballot.cause[i]]),
        }
        for i, truth in enumerate(slices.causes)
    ]
    write_rows(out / "slices.csv", list(rows[0]), rows)
