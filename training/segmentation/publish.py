"""Publish a checkpoint with its evaluation as a model folder."""

from __future__ import annotations

import importlib.metadata
from typing import TYPE_CHECKING, Any, Final

from safetensors.torch import load_file

from liver_mre.liver.channels import ALL_CHANNELS, MASKED_ALONE
from models.card import read_card
from training.segmentation.checkpoint import load_checkpoint, run_summary
from training.segmentation.model_folder import (
    RESEARCH_ONLY,
    SIMULATED_ONLY,
    check_weights,
    exam_ranges,
    read_evaluation,
    write_card,
    write_model,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

_SIMULATED: Final = (
    SIMULATED_ONLY,
    "The simulated liver contains its vessels and the outline is drawn without the gallbladder.",
)
_OWN: Final = ("Trained on a site's own exams; measure it on exams of the scanners it will meet.",)
_INPUT: Final = "2D slices of 60 Hz shear-wave elastography, 0 to 8 kPa window; other frequencies were not measured."
_NEEDS_MASK: Final = "The input needs the confidence mask (0.95); unmasked elastograms were not measured."


def publish(weights: Path, evaluation: Path, model_dir: Path, *, hardware: str, version: str) -> dict[str, Any]:
    """Write a checkpoint and its evaluation to a model folder; return the card.

    `hardware` says in words what the training ran on. Raises `PublishError` if the evaluation belongs to other weights,
    or the weights exceed the range of float16.
    """
    checkpoint = load_checkpoint(weights)
    metrics = read_evaluation(evaluation)
    check_weights(metrics, checkpoint["weights"])
    return write_model(model_dir, checkpoint["weights"], model_card(checkpoint, metrics, hardware, version))


def publish_evaluation(evaluation: Path, model_dir: Path) -> dict[str, Any]:
    """Replace the metrics of a published model by those of a newer evaluation; return the card.

    Raises `PublishError` if the evaluation belongs to other weights, and `models.card.CardError` if the published model
    is incomplete or damaged.
    """
    card = read_card(model_dir)
    metrics = read_evaluation(evaluation)
    check_weights(metrics, load_file(model_dir / card["weights"]["path"]))
    return write_card(model_dir, card | {"metrics": _metrics(metrics)})


def _metrics(evaluation: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in evaluation.items() if name != "exam_names"}
    return kept | {"exam_ranges": exam_ranges(evaluation["exam_names"])}


def model_card(checkpoint: dict[str, Any], metrics: dict[str, Any], hardware: str, version: str) -> dict[str, Any]:
    """Return the card without its entry for the weights; all numbers come from the checkpoint or its evaluation."""
    architecture = checkpoint["architecture"]
    library = f"segmentation-models-pytorch {importlib.metadata.version('segmentation-models-pytorch')}"
    channels = MASKED_ALONE if architecture["in_channels"] == 1 else ALL_CHANNELS
    return {
        "schema_version": "1.1",
        "name": "liver-segmentation",
        "version": version,
        "task": "Segment the liver in MR elastography, from the stiffness map and what else the study has"
        if channels == ALL_CHANNELS
        else "Segment the liver in a confidence-masked MR elastography stiffness map",
        "intended_use": "Research use only. Region of interest for automatic liver stiffness measurement.",
        "licence": "Apache-2.0",
        "architecture": {"family": "U-Net", **architecture, "pooling": checkpoint["pooling"], "library": library},
        "input": {
            "channels": list(channels),
            "window_kpa": metrics["window_kpa"],
            "size": [metrics["size"], metrics["size"]],
            "field_of_view_mm": checkpoint["field_of_view_mm"],
            "interpolation": "bilinear",
            "range": [0.0, 1.0],
        },
        "output": {"kind": "logits", "threshold": metrics["threshold"], "classes": ["liver"]},
        "training": training_facts(checkpoint, hardware),
        "metrics": _metrics(metrics),
        "limits": limits(checkpoint["origins"], channels),
    }


def limits(origins: Iterable[str], channels: tuple[str, ...]) -> list[str]:
    """Return the limitations of a model."""
    found = [*(_SIMULATED if set(origins) == {"simulated"} else _OWN), RESEARCH_ONLY, _INPUT]
    return found if channels == ALL_CHANNELS else [*found, _NEEDS_MASK]


def training_facts(checkpoint: dict[str, Any], hardware: str) -> dict[str, Any]:
    """Return the card's entry for the training: the last run and those that it started from."""
    runs = [*checkpoint["history"], run_summary(checkpoint)]
    names = sorted({name for run in runs for name in run.get("exams", [])})
    simulated = checkpoint["origins"] == ["simulated"]
    # Seeds identify simulated exams. Own exams are listed by pseudonym, so that nobody evaluates on them.
    listed = {} if simulated else {"exam_names": names, "patients": checkpoint["patients"]}
    return {
        "data": " and ".join(checkpoint["origins"]),
        "exams": len(names),
        "slices": checkpoint["slices"],
        "exam_ranges": exam_ranges(names),
        "choice": "train split of the cohorts, by training.cohort.store.split_of",
        **listed,
        "simulators": sorted({made for run in runs for made in run.get("made_by", [])}),
        "minutes": round(sum(run["minutes"] for run in runs), 1),
        "images": sum(run.get("images", 0) for run in runs),
        "runs": [{name: value for name, value in run.items() if name not in {"exams", "made_by"}} for run in runs],
        "hardware": hardware,
    }
