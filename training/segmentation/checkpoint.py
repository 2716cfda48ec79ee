"""Checkpoints, read with torch's restricted unpickler, and initial weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import load_file

from training.cohort.store import split_of
from training.errors import CohortError
from training.files import read_json
from training.segmentation.float16 import scaled_to_float16

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor


def write_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Write a checkpoint; the file appears under its name only when complete."""
    temporary = path.with_suffix(".part")
    torch.save(state, temporary)
    temporary.replace(path)


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Read a checkpoint (tensors and plain values only).

    Its weights are scaled into the range of float16, so that evaluation and publication use the same weights. Raises
    `CohortError` if there is no such file.
    """
    if not path.is_file():
        message = f"there is no checkpoint {path.name}: train first, or check the path"
        raise CohortError(message)
    state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    return state | {"weights": scaled_to_float16(state["weights"])}


def load_initial_weights(path: Path) -> tuple[dict[str, Tensor], list[dict[str, Any]]]:
    """Read initial weights from a checkpoint, or from the folder of a published model.

    Returns
    -------
    The weights, and their earlier training: one entry per run with the names of its exams. For a published model of
    simulated exams these are all exams in its seed ranges outside the test split.
    """
    if not path.is_dir():
        state = load_checkpoint(path)
        return state["weights"], [*state["history"], run_summary(state)]
    card = read_json(path / "card.json")
    facts = card["training"]
    runs = [*facts["runs"][:-1], facts["runs"][-1] | {"exams": training_exams(card)}]
    return load_file(path / card["weights"]["path"]), runs


def training_exams(card: dict[str, Any]) -> list[str]:
    """Return the names of the exams that a published model may have been trained or validated on."""
    facts = card["training"]
    if "exam_names" in facts:
        return list(facts["exam_names"])
    ranges = facts.get("exam_ranges") or [[facts["seeds"]["first"], facts["seeds"]["last"]]]
    seeds = (seed for first, last in ranges for seed in range(first, last + 1))
    return [f"exam-{seed:08d}" for seed in seeds if split_of(seed) != "test"]


def run_summary(state: dict[str, Any]) -> dict[str, Any]:
    """Summarise one run for a card."""
    progress = state["progress"]
    return {
        **{name: state[name] for name in ("recipe", "size", "seed")},
        **{name: progress[name] for name in ("steps", "images")},
        "minutes": round(progress["elapsed_s"] / 60, 1),
        "exams": state["exams"],
        "made_by": state["made_by"],
    }
