"""Turn a training checkpoint and its evaluation into a published model: fp16 weights and a model card."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
from typing import TYPE_CHECKING, Any, Final

from safetensors.torch import load_file, save_file

from liver_mre.core.channels import CHANNELS
from models.export import read_card
from training.errors import PublishError
from training.segmentation.checkpoint import load_checkpoint, run_facts
from training.segmentation.float16 import half_weights
from training.segmentation.predict import weights_digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from torch import Tensor

WEIGHTS_NAME: Final = "weights.safetensors"
CARD_NAME: Final = "card.json"
_GAP: Final = 1000  # seeds further apart than this are of different cohorts
_MASKED: Final = ("masked_stiffness",)
_RESEARCH: Final = "Research use only; not a medical device and not for diagnosis."
_SIMULATED: Final = (
    "Trained and measured on simulated exams only; no clinical image was used.",
    "The simulated liver contains its vessels and the outline is drawn without the gallbladder.",
)
_OWN: Final = ("Trained on a site's own exams; measure it on exams of the scanners it will meet.",)
_INPUT: Final = "2D slices of 60 Hz shear-wave elastography, 0 to 8 kPa window; other frequencies were not measured."
_NEEDS_MASK: Final = "The input needs the confidence mask (0.95); unmasked elastograms were not measured."


def write_weights(model_dir: Path, weights: Mapping[str, Tensor]) -> bytes:
    """Write weights as float16 into a model's folder and return the file's bytes.

    Raises
    ------
    PublishError
        If a value is not finite in float16.
    """
    halved = half_weights(weights)
    model_dir.mkdir(parents=True, exist_ok=True)
    target = model_dir / WEIGHTS_NAME
    save_file(halved, target)
    target.chmod(0o644)  # safetensors writes files that only their owner can read; a container runs as another user
    return target.read_bytes()


def publish(weights: Path, evaluation: Path, model_dir: Path, *, hardware: str, version: str) -> dict[str, Any]:
    """Write weights.safetensors and card.json.

    Parameters
    ----------
    weights : training checkpoint
    evaluation : evaluation.json, as `training.segmentation.evaluate` wrote it for that checkpoint
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

    """
    checkpoint = load_checkpoint(weights)
    metrics = read_evaluation(evaluation)
    check_weights(metrics, checkpoint["weights"])
    stored = write_weights(model_dir, checkpoint["weights"])
    return _write_card(model_dir, model_card(checkpoint, metrics, stored, hardware, version))


def publish_evaluation(evaluation: Path, model_dir: Path) -> dict[str, Any]:
    """Give a published model the numbers of a newer evaluation; its weights and how it came about stay as they are.

    Parameters
    ----------
    evaluation : evaluation.json, as `training.segmentation.evaluate` wrote it for the published model
    model_dir : folder of the published model

    Returns
    -------
    The card.

    Raises
    ------
    PublishError
        If the evaluation is of other weights.
    models.export.ExportError
        If the published model is incomplete or damaged.
    """
    card = read_card(model_dir)
    metrics = read_evaluation(evaluation)
    check_weights(metrics, load_file(model_dir / card["weights"]["path"]))
    return _write_card(model_dir, card | {"metrics": _metrics(metrics)})


def read_evaluation(path: Path) -> dict[str, Any]:
    """Read an evaluation.json; raises `PublishError` where there is none."""
    if not path.is_file():
        message = f"there is no {path.name}: evaluate these weights first"
        raise PublishError(message)
    metrics: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return metrics


def check_weights(metrics: Mapping[str, Any], weights: Mapping[str, Tensor]) -> None:
    """Raise `PublishError` if an evaluation is of other weights."""
    if metrics["weights_sha256"] != weights_digest(weights):
        message = "the evaluation is of other weights than these: evaluate these first"
        raise PublishError(message)


def _metrics(evaluation: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in evaluation.items() if name != "exam_names"}
    return kept | {"exam_ranges": exam_ranges(evaluation["exam_names"])}


def _write_card(model_dir: Path, card: dict[str, Any]) -> dict[str, Any]:
    (model_dir / CARD_NAME).write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    return card


def model_card(
    checkpoint: dict[str, Any], metrics: dict[str, Any], weights: bytes, hardware: str, version: str
) -> dict[str, Any]:
    """Describe a published model; every figure comes from the checkpoint or its evaluation."""
    architecture = checkpoint["architecture"]
    library = f"segmentation-models-pytorch {importlib.metadata.version('segmentation-models-pytorch')}"
    channels = _MASKED if architecture["in_channels"] == 1 else CHANNELS
    return {
        "schema_version": "1.1",
        "name": "liver-segmentation",
        "version": version,
        "task": "Segment the liver in MR elastography, from the stiffness map and what else the study has"
        if channels == CHANNELS
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
        "weights": {
            "path": WEIGHTS_NAME,
            "sha256": hashlib.sha256(weights).hexdigest(),
            "dtype": "float16",
            "bytes": len(weights),
        },
    }


def limits(origins: Iterable[str], channels: tuple[str, ...]) -> list[str]:
    """Say what a model was not made for."""
    kinds = set(origins)
    found = [*(_SIMULATED if kinds == {"simulated"} else _OWN), _RESEARCH, _INPUT]
    return found if channels == CHANNELS else [*found, _NEEDS_MASK]


def training_facts(checkpoint: dict[str, Any], hardware: str) -> dict[str, Any]:
    """Collect what the card says about the training: the last run and the runs it started from."""
    runs = [*checkpoint["history"], run_facts(checkpoint)]
    names = sorted({name for run in runs for name in run.get("exams", [])})
    simulated = checkpoint["origins"] == ["simulated"]
    # An own exam is named by a digest: it is listed, so that nobody evaluates on it. Simulated ones follow from seeds.
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


def exam_ranges(names: Iterable[str]) -> list[list[int]]:
    """Return the seeds of simulated exams as ranges [first, last] without wide gaps; other exams have none."""
    seeds = sorted(int(name.removeprefix("exam-")) for name in names if name.startswith("exam-"))
    ranges: list[list[int]] = []
    for seed in seeds:
        if ranges and seed - ranges[-1][1] <= _GAP:
            ranges[-1][1] = seed
        else:
            ranges.append([seed, seed])
    return ranges
