"""The majority vote of the fold models on patients that none of them saw."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any, Final

import torch

from liver_mre.core.quality.types import CAUSES
from training.cohort.store import list_exams
from training.errors import TrainingError
from training.quality.compare import fold_file
from training.quality.networks import ARCHITECTURES, load_ensemble
from training.quality.scores import ballot_of, confusion, score
from training.quality.situations import SITUATIONS, WITH_WAVES
from training.quality.slices import DIAGNOSTIC, read_slices
from training.quality.train import FOLDS, predict
from training.segmentation.predict import weights_digest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from torch import Tensor

    from training.quality.liver_cache import Livers

EVALUATION: Final = "evaluation.json"


def run_weights(run: Path, architecture: str) -> tuple[dict[str, Tensor], list[dict[str, Any]]]:
    """Return the weights of the eight fold models under one set of names, and what each was told.

    Raises
    ------
    TrainingError
        If a fold is missing.
    """
    weights: dict[str, Tensor] = {}
    told = []
    for fold in range(FOLDS):
        file = fold_file(run, architecture, fold)
        if not file.is_file():
            message = f"{architecture} has no fold {fold + 1} in {run.name}: train all {FOLDS} first"
            raise TrainingError(message)
        state = torch.load(file, weights_only=True, map_location="cpu")
        weights |= {f"members.{fold}.{name}": value for name, value in state["weights"].items()}
        told.append(state["told"] | {"seconds": state["seconds"]})
    return weights, told


def chosen_architecture(run: Path, named: str | None) -> str:
    """Return the architecture to use: the one named, or the best of the comparison.

    Raises
    ------
    TrainingError
        If none is named and nothing was compared.
    """
    if named:
        return named
    path = run / "comparison.json"
    if not path.is_file():
        message = f"{run.name} holds no comparison: finish it, or name an --architecture"
        raise TrainingError(message)
    return str(json.loads(path.read_text(encoding="utf-8"))["best"])


def evaluate(
    run: Path,
    data: Sequence[Path],
    livers: Livers,
    out: Path,
    *,
    architecture: str | None = None,
    train_data: Sequence[Path] = (),
    limit: int | None = None,
) -> dict[str, Any]:
    """Judge a test cohort by the vote, and write `evaluation.json` and `slices.csv`.

    Raises
    ------
    TrainingError
        If a fold is missing, or an exam of the test cohort was trained on.
    CohortError
        If a folder holds no simulated exam.
    """
    name = chosen_architecture(run, architecture)
    weights, told = run_weights(run, name)
    seen = {path.name for folder in train_data for path in list_exams(folder)}
    if shared := seen & {path.name for folder in data for path in list_exams(folder)}:
        message = f"{len(shared)} exams were trained on: evaluate on a cohort of another seed"
        raise TrainingError(message)
    slices = read_slices(data, livers, limit)
    ensemble = load_ensemble(name, weights)
    summary: dict[str, Any] = {
        "network": ARCHITECTURES[name],
        "architecture": name,
        "weights_sha256": weights_digest(weights),
        "members": FOLDS,
        "epochs": told[0]["epochs"],
        "training_digest": told[0]["digest"],
        "livers": livers.name,
        "exams": len(set(slices.exams.tolist())),
        "slices": len(slices.causes),
        "causes": {str(cause): int((slices.causes == index).sum()) for index, cause in enumerate(CAUSES)},
        "situations": {},
    }
    for situation in SITUATIONS:
        logits = predict(ensemble, slices, situation)
        summary["situations"][situation] = score(logits, slices.causes, slices.strangers).as_dict()
        if situation == WITH_WAVES:
            summary["confusion"] = confusion(logits, slices.causes)
            _write_slices(out, slices, logits)
    out.mkdir(parents=True, exist_ok=True)
    (out / EVALUATION).write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
    return summary


def _write_slices(out: Path, slices: Any, logits: Any) -> None:  # noqa: ANN401 - arrays and `Slices`
    out.mkdir(parents=True, exist_ok=True)
    ballot = ballot_of(logits)
    with (out / "slices.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(("exam", "slice", "confident_cm2", "truth", "called", "probability", "cause"))
        for i, truth in enumerate(slices.causes):
            words = "diagnostic" if truth == DIAGNOSTIC else str(CAUSES[truth])
            said = "diagnostic" if ballot.diagnostic[i] else "not diagnostic"
            row = (slices.exams[i], slices.levels[i], round(slices.confident_cm2[i], 2), words, said)
            writer.writerow((*row, round(ballot.probability[i], 4), str(CAUSES[ballot.cause[i]])))
