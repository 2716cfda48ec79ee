"""Checkpoints: written whole, read with torch's restricted unpickler; and weights to start from."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import load_file

from training.cohort.store import CohortError, split_of
from training.segmentation.float16 import within_half_range

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor


def write_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Write a checkpoint; the file appears under its name only once it is complete."""
    temporary = path.with_suffix(".part")
    torch.save(state, temporary)
    temporary.replace(path)


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Read a checkpoint with torch's restricted unpickler (tensors and plain values only).

    Its weights come in the range of float16: what is evaluated is what will be published.

    Raises
    ------
    CohortError
        If there is no such file.
    """
    if not path.is_file():
        message = f"there is no checkpoint {path.name}: train first, or check the path"
        raise CohortError(message)
    state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    return state | {"weights": within_half_range(state["weights"])}


def load_start(path: Path) -> tuple[dict[str, Tensor], list[dict[str, Any]]]:
    """Read weights to start from: a checkpoint, or the folder of a published model.

    Returns
    -------
    The weights, and what they were trained on before: one entry a run, each with the names of its exams. For a
    published model of simulated exams these are all exams between its first and last seed that its split takes.
    """
    if not path.is_dir():
        state = load_checkpoint(path)
        return state["weights"], [*state["history"], run_facts(state)]
    card = json.loads((path / "card.json").read_text(encoding="utf-8"))
    facts = card["training"]
    return load_file(path / card["weights"]["path"]), [
        *facts["runs"][:-1],
        facts["runs"][-1] | {"exams": seen_by(card)},
    ]


def seen_by(card: dict[str, Any]) -> list[str]:
    """Return the names of the exams that a published model may have been trained or chosen on."""
    facts = card["training"]
    if "exam_names" in facts:
        return list(facts["exam_names"])
    ranges = facts.get("exam_ranges") or [[facts["seeds"]["first"], facts["seeds"]["last"]]]
    seeds = (seed for first, last in ranges for seed in range(first, last + 1))
    return [f"exam-{seed:08d}" for seed in seeds if split_of(seed) != "test"]


def run_facts(state: dict[str, Any]) -> dict[str, Any]:
    """Return what a card says about one run."""
    progress = state["progress"]
    return {
        "recipe": state["recipe"],
        "size": state["size"],
        "seed": state["seed"],
        "steps": progress["steps"],
        "images": progress["images"],
        "minutes": round(progress["elapsed_s"] / 60, 1),
        "exams": state["exams"],
        "made_by": state["made_by"],
    }
