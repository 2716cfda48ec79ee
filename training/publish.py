"""Turn a training checkpoint and its evaluation into a published model: fp16 weights and a model card."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import save_file

from training.checkpoint import load_checkpoint
from training.dataset import WINDOW_KPA

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

WEIGHTS_NAME = "weights.safetensors"
CARD_NAME = "card.json"
_LIMITS = (
    "Trained and measured on simulated exams only; no clinical image was used.",
    "Research use only; not a medical device and not for diagnosis.",
    "The simulated liver contains its vessels and the outline is drawn without the gallbladder.",
    "2D slices of 60 Hz shear-wave elastography, 0 to 8 kPa window; other frequencies were not measured.",
    "The input needs the confidence mask (0.95); unmasked elastograms were not measured.",
)


class PublishError(Exception):
    """A checkpoint cannot be published; the message says why and what to do."""


def half_weights(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Convert floating-point tensors to float16; counters stay integers.

    Raises
    ------
    PublishError
        If a value is not finite in float16.

    """
    halved = {
        name: (value.half() if value.is_floating_point() else value).contiguous().clone()
        for name, value in weights.items()
    }
    broken = [name for name, value in halved.items() if not torch.isfinite(value).all()]
    if broken:
        message = f"{len(broken)} tensors leave the range of float16, {broken[0]} first: train again from a checkpoint"
        raise PublishError(message)
    return halved


def publish(weights: Path, evaluation: Path, model_dir: Path, *, hardware: str) -> dict[str, Any]:
    """Write weights.safetensors and card.json.

    Parameters
    ----------
    weights : training checkpoint
    evaluation : JSON file written by `training.evaluate.evaluate` for that checkpoint
    model_dir : folder to write to
    hardware : what the training ran on, in words

    Returns
    -------
    The card.

    """
    checkpoint = load_checkpoint(weights)
    metrics = json.loads(evaluation.read_text(encoding="utf-8"))
    model_dir.mkdir(parents=True, exist_ok=True)
    target = model_dir / WEIGHTS_NAME
    save_file(half_weights(checkpoint["weights"]), target)
    target.chmod(0o644)  # safetensors writes files that only their owner can read; a container runs as another user
    card = model_card(checkpoint, metrics, target.read_bytes(), hardware)
    (model_dir / CARD_NAME).write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    return card


def model_card(checkpoint: dict[str, Any], metrics: dict[str, Any], weights: bytes, hardware: str) -> dict[str, Any]:
    """Describe a published model; every figure comes from the checkpoint or its evaluation."""
    architecture = checkpoint["architecture"]
    library = f"segmentation-models-pytorch {importlib.metadata.version('segmentation-models-pytorch')}"
    return {
        "schema_version": "1.0",
        "name": "liver-segmentation",
        "version": "0.1.0",
        "task": "Segment the liver in a confidence-masked MR elastography stiffness map",
        "intended_use": "Research use only. Region of interest for automatic liver stiffness measurement.",
        "licence": "Apache-2.0",
        "architecture": {
            "family": "U-Net",
            "encoder": architecture["encoder"],
            "in_channels": architecture["in_channels"],
            "classes": architecture["classes"],
            "pooling": metrics["pooling"],
            "library": library,
        },
        "input": {
            "channels": ["masked_stiffness"],
            "window_kpa": list(WINDOW_KPA),
            "size": [metrics["size"], metrics["size"]],
            "interpolation": "bilinear",
            "range": [0.0, 1.0],
        },
        "output": {"kind": "logits", "threshold": metrics["threshold"], "classes": ["liver"]},
        "training": training_facts(checkpoint, hardware),
        "metrics": {name: value for name, value in metrics.items() if name != "seeds"}
        | {"seeds": seed_facts(metrics["seeds"], metrics["choice"])},
        "limits": list(_LIMITS),
        "weights": {
            "path": WEIGHTS_NAME,
            "sha256": hashlib.sha256(weights).hexdigest(),
            "dtype": "float16",
            "bytes": len(weights),
        },
    }


def training_facts(checkpoint: dict[str, Any], hardware: str) -> dict[str, Any]:
    """Collect what the card says about the training: the last run and the runs it started from."""
    stages = [*checkpoint["history"], checkpoint]
    seeds = sorted({seed for stage in stages for seed in stage["exam_seeds"]})
    return {
        "data": "simulated",
        "exams": len(seeds),
        "slices": checkpoint["slices"],
        "seeds": seed_facts(seeds, "train split of the cohort, by training.store.split_of"),
        "simulators": sorted({name for stage in stages for name in stage["simulators"]}),
        "minutes": round(sum(stage["progress"]["elapsed_s"] for stage in stages) / 60, 1),
        "images": sum(stage["progress"]["images"] for stage in stages),
        "runs": [
            {
                "size": stage["size"],
                "recipe": stage["recipe"],
                "seed": stage["seed"],
                "steps": stage["progress"]["steps"],
                "minutes": round(stage["progress"]["elapsed_s"] / 60, 1),
            }
            for stage in stages
        ],
        "hardware": hardware,
    }


def seed_facts(seeds: list[int], choice: str) -> dict[str, Any]:
    """Say which simulator seeds were used; together with `choice` this names every exam."""
    return {"first": min(seeds), "last": max(seeds), "exams": len(seeds), "choice": choice}
