"""Turn the eight fold models and their evaluation into one published model: fp16 weights and a card."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from liver_mre.core.channels import WINDOW_KPA
from liver_mre.core.quality.image import CHANNELS, FIELD_OF_VIEW_MM, SIZE
from liver_mre.core.quality.types import CAUSES
from liver_mre.inference.quality_model import OF_THE_EXAM
from training.quality.compare import CACHE, TABLE
from training.quality.evaluate import run_weights
from training.quality.networks import ARCHITECTURES, FAMILY
from training.quality.train import FOLDS
from training.quality.truth import STIFFNESS_ERROR
from training.segmentation.publish import (
    CARD_NAME,
    WEIGHTS_NAME,
    check_weights,
    exam_ranges,
    read_evaluation,
    write_weights,
)

if TYPE_CHECKING:
    from pathlib import Path

_LIMITS: Final = (
    "Trained and measured on simulated exams only; no clinical image was used.",
    "Research use only; not a medical device and not for diagnosis.",
    "60 Hz, axial slices of the upper abdomen; of what is no elastogram of a liver they know the simulated kinds only.",
)


def publish_quality(run: Path, evaluation: Path, model_dir: Path, *, hardware: str, version: str) -> dict[str, Any]:
    """Write weights.safetensors and card.json.

    Parameters
    ----------
    run : folder of the comparison
    evaluation : evaluation.json of the same weights
    model_dir : folder to write to
    hardware : what the training ran on, in words
    version : version of the model

    Returns
    -------
    The card.

    Raises
    ------
    PublishError
        If the evaluation is of other weights, or the weights leave the range of float16.
    TrainingError
        If a fold is missing.
    """
    metrics = read_evaluation(evaluation)
    weights, told = run_weights(run, metrics["architecture"])
    check_weights(metrics, weights)
    stored = write_weights(model_dir, weights)
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
            "in_channels": len(CHANNELS),
            "library": f"torchvision {importlib.metadata.version('torchvision')}",
        },
        "input": {
            "channels": list(CHANNELS),
            "window_kpa": list(WINDOW_KPA),
            "size": list(SIZE),
            "field_of_view_mm": list(FIELD_OF_VIEW_MM),
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
            "truth": f"at least 3 cm2 of confident liver, within {STIFFNESS_ERROR:.0%} of the true stiffness",
            "livers": metrics["livers"],
            "folds": told,
            "hardware": hardware,
        },
        "metrics": metrics | {"comparison": _comparison(run / f"{TABLE}.json")},
        "limits": list(_LIMITS),
        "weights": {
            "path": WEIGHTS_NAME,
            "sha256": hashlib.sha256(stored).hexdigest(),
            "dtype": "float16",
            "bytes": len(stored),
        },
    }
    (model_dir / CARD_NAME).write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    return card


def _exam_names(run: Path) -> list[str]:
    with np.load(run / CACHE, allow_pickle=False) as archive:
        return [f"exam-{seed:08d}" for seed in np.unique(archive["exams"]).tolist()]


def _comparison(path: Path) -> list[dict[str, Any]]:
    return list(json.loads(path.read_text(encoding="utf-8"))["rows"]) if path.is_file() else []
