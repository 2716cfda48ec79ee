"""Compare architectures in cross-validation on the same folds, as Nieves-Vazquez et al. 2024; resumable per fold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch

from training.cohort.store import cohort_files
from training.errors import TrainingError
from training.files import write_arrays, write_json, write_rows
from training.quality.networks import ARCHITECTURES, EPOCHS, FASTER_IN_FLOAT32, OTHER_EPOCHS
from training.quality.scores import Scores, score
from training.quality.situations import SITUATIONS, WITH_WAVES
from training.quality.slices import Slices, read_slices, slices_digest
from training.quality.train import FOLDS, Plan, folds_of, train_fold
from training.reporting import table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from training.segmentation.predicted_livers import LiverCache

COMPARISON: Final = "comparison"
CACHE: Final = "slices.npz"
_FIELDS: Final = {"strangers": "out_of_domain"}
"""Fields of `Slices` that have another key in the cache."""
_COLUMNS: Final = ("accuracy", "precision", "recall", "precision_bad", "recall_bad", "auroc", "cause", "auroc_stranger")


def compare(
    data: Sequence[Path],
    livers: LiverCache,
    out: Path,
    architectures: Sequence[str] = tuple(ARCHITECTURES),
    *,
    epochs: int | None = None,
    folds: Sequence[int] = range(FOLDS),
    limit: int | None = None,
    threads: int = 0,
) -> list[dict[str, Any]]:
    """Train the missing folds and write the tables.

    Raises `CohortError` if a folder holds no simulated exam, and `TrainingError` if the run in `out` has other data or
    hyperparameters.

    Parameters
    ----------
    out : folder of the run: slices, a folder per architecture, tables
    architectures : names in `ARCHITECTURES`
    epochs : of each fold; by default those of `EPOCHS`
    folds : folds to train now; the table needs all folds of an architecture
    limit : largest number of exams of each cohort
    threads : of torch; 0 for its default

    Returns
    -------
    One row per architecture and situation, for architectures whose folds are all trained.
    """
    if threads:
        torch.set_num_threads(threads)
    out.mkdir(parents=True, exist_ok=True)
    slices = cached_slices(out / CACHE, data, livers, limit)
    for name in architectures:
        plan = Plan(name, epochs or EPOCHS.get(name, OTHER_EPOCHS), bfloat16=name not in FASTER_IN_FLOAT32)
        for fold in folds:
            state = train_fold(slices, fold, plan, fold_file(out, name, fold))
            print(f"{ARCHITECTURES[name]}, fold {fold + 1} of {FOLDS}: {state['seconds']:.0f} s", flush=True)
    rows = [row for name in architectures for row in rows_of(out, name, slices)]
    if rows:
        write_rows(out / f"{COMPARISON}.csv", list(rows[0]), rows)
        write_json(out / f"{COMPARISON}.json", {"best": best_of(rows), "rows": rows})
        (out / f"{COMPARISON}.md").write_text(markdown(rows), encoding="utf-8")
    return rows


def fold_file(out: Path, architecture: str, fold: int) -> Path:
    """Return the file of one fold's network."""
    return out / architecture / f"fold-{fold + 1}.pt"


def cached_slices(path: Path, data: Sequence[Path], livers: LiverCache, limit: int | None) -> Slices:
    """Return the slices of the cohorts, from the cache if it is of the same exams and livers."""
    if path.is_file():
        digest = slices_digest(cohort_files(data, limit), livers)
        with np.load(path, allow_pickle=False) as archive:
            if str(archive["digest"]) == digest:
                arrays: dict[str, Any] = {_FIELDS.get(key, key): archive[key] for key in archive if key != "digest"}
                return Slices(**arrays, digest=digest)
    slices = read_slices(data, livers, limit)
    keys = {field: key for key, field in _FIELDS.items()}
    arrays = {keys.get(name, name): array for name, array in slices.arrays().items()}
    write_arrays(path, arrays | {"digest": np.array(slices.digest)})
    return slices


def rows_of(out: Path, architecture: str, slices: Slices) -> list[dict[str, Any]]:
    """Return the rows of one architecture: mean and SD over the folds, each scored on its held-out patients."""
    files = [fold_file(out, architecture, fold) for fold in range(FOLDS)]
    if not all(file.is_file() for file in files):
        return []
    states = [torch.load(file, weights_only=True) for file in files]
    if any(state["told"]["digest"] != slices.digest for state in states):
        message = f"the folds of {architecture} were trained on other data: choose another --out"
        raise TrainingError(message)
    folds = folds_of(slices.exams)
    rows = []
    for situation in SITUATIONS:
        found = [
            score(
                np.array(state["logits"][situation], np.float32),
                slices.causes[folds == fold],
                slices.out_of_domain[folds == fold],
            )
            for fold, state in enumerate(states)
        ]
        rows.append(_row(architecture, situation, found, states))
    return rows


def _row(architecture: str, situation: str, found: list[Scores], states: list[dict[str, Any]]) -> dict[str, Any]:
    row: dict[str, Any] = {"network": ARCHITECTURES[architecture], "shown": situation}
    for name in _COLUMNS:
        values: NDArray[np.float64] = np.array([getattr(one, name) for one in found])
        known = values[~np.isnan(values)]  # a fold may lack a class
        mean, sd = (round(float(known.mean()), 4), round(float(known.std()), 4)) if known.size else (None, None)
        row |= {name: mean, f"{name}_sd": sd}
    seconds = sum(state["seconds"] for state in states)
    return row | {
        "epochs": states[0]["told"]["epochs"],
        "parameters": states[0]["parameters"],
        "minutes": round(seconds / 60.0, 1),
    }


def best_of(rows: list[dict[str, Any]], situation: str = WITH_WAVES) -> str:
    """Return the smallest architecture whose accuracy is within one standard error of the highest.

    One-standard-error rule: Breiman et al. 1984, Classification and Regression Trees.
    """
    candidates = [row for row in rows if row["shown"] == situation]
    highest = max(candidates, key=lambda row: float(row["accuracy"]))
    least = highest["accuracy"] - highest["accuracy_sd"] / np.sqrt(FOLDS)
    best = min((row for row in candidates if row["accuracy"] >= least), key=lambda row: int(row["parameters"]))
    return next(name for name, words in ARCHITECTURES.items() if words == best["network"])


def markdown(rows: list[dict[str, Any]]) -> str:
    """Return the comparison as a table: mean (SD) over the folds."""
    columns = (
        "Network",
        "Parameters",
        "Epochs",
        "Shown",
        *(name.replace("_bad", ", not diagnostic") for name in _COLUMNS),
    )
    lines = []
    for row in rows:
        values = ("" if row[name] is None else f"{row[name]:.3f} ({row[f'{name}_sd']:.3f})" for name in _COLUMNS)
        size = f"{row['parameters'] / 1e6:.1f} M"
        lines.append((row["network"], size, str(row["epochs"]), row["shown"], *values))
    return table.markdown(columns, lines) + "\n"
