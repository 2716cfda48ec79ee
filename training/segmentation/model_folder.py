"""Write a published model: float16 weights and a card whose numbers belong to these weights."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

from safetensors.torch import save_file

from models.card import CARD_NAME, WEIGHTS_NAME
from training.errors import PublishError
from training.files import read_json, write_json
from training.segmentation.float16 import float16_weights
from training.segmentation.predict import weights_digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from torch import Tensor

SIMULATED_ONLY: Final = "Trained and measured on simulated exams only; no clinical image was used."
RESEARCH_ONLY: Final = "Research use only; not a medical device and not for diagnosis."
_GAP: Final = 1000  # seeds further apart than this belong to different cohorts


def read_evaluation(path: Path) -> dict[str, Any]:
    """Read an evaluation.json; raise `PublishError` if there is none."""
    if not path.is_file():
        message = f"there is no {path.name}: evaluate these weights first"
        raise PublishError(message)
    return read_json(path)


def check_weights(evaluation: Mapping[str, Any], weights: Mapping[str, Tensor]) -> None:
    """Raise `PublishError` if an evaluation belongs to other weights."""
    if evaluation["weights_sha256"] != weights_digest(weights):
        message = "the evaluation belongs to other weights: evaluate these first"
        raise PublishError(message)


def write_model(model_dir: Path, weights: Mapping[str, Tensor], card: dict[str, Any]) -> dict[str, Any]:
    """Write weights.safetensors and card.json; return the card, with its entry for the weights.

    Raises `PublishError` if a value is not finite in float16.
    """
    stored = float16_weights(weights)
    model_dir.mkdir(parents=True, exist_ok=True)
    target = model_dir / WEIGHTS_NAME
    save_file(stored, target)
    target.chmod(0o644)  # safetensors writes for the owner only; a container runs as another user
    content = target.read_bytes()
    entry = {
        "path": WEIGHTS_NAME,
        "sha256": hashlib.sha256(content).hexdigest(),
        "dtype": "float16",
        "bytes": len(content),
    }
    return write_card(model_dir, card | {"weights": entry})


def write_card(model_dir: Path, card: dict[str, Any]) -> dict[str, Any]:
    """Write card.json and return the card."""
    write_json(model_dir / CARD_NAME, card)
    return card


def exam_ranges(names: Iterable[str]) -> list[list[int]]:
    """Return the seeds of simulated exams as ranges [first, last], split at wide gaps; own exams are left out."""
    seeds = sorted(int(name.removeprefix("exam-")) for name in names if name.startswith("exam-"))
    ranges: list[list[int]] = []
    for seed in seeds:
        if ranges and seed - ranges[-1][1] <= _GAP:
            ranges[-1][1] = seed
        else:
            ranges.append([seed, seed])
    return ranges
