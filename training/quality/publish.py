"""Publish the fold networks with their evaluation as one model folder."""

from __future__ import annotations

import importlib.metadata
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from liver_mre.liver.channels import WINDOW_KPA
from liver_mre.quality.image import QUALITY_CHANNELS, QUALITY_FIELD_OF_VIEW_MM, SIZE
from liver_mre.quality.networks import OF_THE_EXAM
from liver_mre.quality.verdict import CAUSES
from simulation.exams.outcome import DIAGNOSTIC_CM2
from training.files import read_json
from training.quality.compare import CACHE, COMPARISON
from training.quality.evaluate import run_weights
from training.quality.networks import ARCHITECTURES, FAMILY
from training.quality.train import FOLDS
from training.quality.truth import STIFFNESS_ERROR
from training.segmentation.model_folder import (
    RESEARCH_ONLY,
    SIMULATED_ONLY,
    check_weights,
    exam_ranges,
    read_evaluation,
    write_model,
)

if TYPE_CHECKING:
    from pathlib import Path

_LIMITS: Final = (
    SIMULATED_ONLY,
    RESEARCH_ONLY,
    "60 Hz, axial slices of the upper abdomen; of what is no elastogram of a liver they know the simulated kinds only.",
)


def publish_quality(run: Path, evaluation: Path, model_dir: Path, *, hardware: str, version: str) -> dict[str, Any]:
    """Write the networks of a comparison's folder and their evaluation to a model folder; return the card.

    `hardware` says in words what the training ran on. Raises `PublishError` if the evaluation belongs to other weights,
    or the weights exceed the range of float16, and `TrainingError` if a fold is missing.
    """
    metrics = read_evaluation(evaluation)
    weights, folds = run_weights(run, metrics["architecture"])
    check_weights(metrics, weights)
    card = {
        "schema_version": "1.0",
        "name": "quality-control",
        "version": version,
        "task": "Tell diagnostic slices of an MR elastogram from others, and why they are not, by a majority of votes",
        "intended_use": "Research use only. Quality control while the patient is still on the table.",
        "licence": "Apache-2.0",
        "architecture": {
            "family": FAMILY,
            "member": metrics["architecture"],
            "network": ARCHITECTURES[metrics["architecture"]],
            "members": FOLDS,
            "in_channels": len(QUALITY_CHANNELS),
            "library": f"torchvision {importlib.metadata.version('torchvision')}",
        },
        "input": {
            "channels": list(QUALITY_CHANNELS),
            "window_kpa": list(WINDOW_KPA),
            "size": list(SIZE),
            "field_of_view_mm": list(QUALITY_FIELD_OF_VIEW_MM),
            "interpolation": "mean",
            "range": [0.0, 1.0],
        },
        "output": {
            "kind": "logits",
            "classes": ["diagnostic"],
            "causes": [str(cause) for cause in CAUSES],
            "of_the_exam": list(OF_THE_EXAM),
        },
        "training": {
            "data": "simulated",
            "exam_ranges": exam_ranges(_exam_names(run)),
            "truth": f"at least {DIAGNOSTIC_CM2:g} cm2 of confident liver, "
            f"within {STIFFNESS_ERROR:.0%} of the true stiffness",
            "livers": metrics["livers"],
            "folds": folds,
            "hardware": hardware,
        },
        "metrics": metrics | {"comparison": _comparison(run / f"{COMPARISON}.json")},
        "limits": list(_LIMITS),
    }
    return write_model(model_dir, weights, card)


def _exam_names(run: Path) -> list[str]:
    with np.load(run / CACHE, allow_pickle=False) as archive:
        return [f"exam-{seed:08d}" for seed in np.unique(archive["exams"]).tolist()]


def _comparison(path: Path) -> list[dict[str, Any]]:
    return list(read_json(path)["rows"]) if path.is_file() else []
