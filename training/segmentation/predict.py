"""Apply a trained network to exams, with the input and output processing of the application."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import torch

from liver_mre.liver.framing import native_mask, view_of
from training.errors import CohortError
from training.segmentation.checkpoint import load_checkpoint, run_summary, training_exams
from training.segmentation.dataset import Grid, on_grid
from training.segmentation.network import Architecture, Autocast, build_network, fitted_weights, placed, with_pooling
from training.segmentation.situations import MASKED, SITUATIONS, exam_channels

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor, nn

    from training.cohort.exams import Exam
    from training.segmentation.situations import Situation


THRESHOLD: Final = 0.5
"""Probability at which the liver is outlined; a published card carries it."""


@dataclass(frozen=True, slots=True)
class Predictor:
    """A network and its input."""

    name: str  # in tables
    weights_sha256: str  # digest of the weights (`weights_digest`)
    network: nn.Module  # maps (N, channels, size, size) in [0, 1] to logits
    channels: int  # 1 for the masked elastogram alone, otherwise 3
    size: int  # height and width of the input in pixels
    pooling: int  # the network works on a grid that is coarser by this factor
    field_of_view_mm: tuple[float, float]  # (height, width) of the input
    bfloat16: bool  # whether it runs under autocast
    exams: tuple[str, ...]  # names of its training exams
    patients: tuple[str, ...]  # pseudonyms of their patients
    slices_shown: int  # training slices, repetitions included, in all runs that led to it

    @property
    def situations(self) -> tuple[Situation, ...]:
        """The input situations that it was trained on."""
        return (MASKED,) if self.channels == 1 else SITUATIONS

    def situation(self, name: str) -> Situation:
        """Return a situation that it was trained on by its name; raises `CohortError` if it was not."""
        known = {situation.name: situation for situation in self.situations}
        if name not in known:
            message = f"the network was not trained on the situation {name}, only on {', '.join(known)}"
            raise CohortError(message)
        return known[name]

    def liver(self, exam: Exam, situation: Situation) -> NDArray[np.bool_]:
        """Return (S, R, C) bool: the liver of an exam in an input situation, on the exam's grid."""
        return self.livers(exam, situation, (THRESHOLD,))[0]

    def livers(self, exam: Exam, situation: Situation, thresholds: Sequence[float]) -> tuple[NDArray[np.bool_], ...]:
        """Segment an exam once and return its liver at several probability thresholds."""
        device = next(self.network.parameters()).device
        view = view_of(exam.volume(masked=situation.masked), self.field_of_view_mm)
        channels = exam_channels(exam, situation)[:, : self.channels]
        image = torch.stack([on_grid(item, view, Grid(self.size)) for item in channels]).to(device)
        with torch.inference_mode():
            probability = torch.sigmoid(self.network(image))[:, 0].cpu().numpy()
        shape = exam.liver.shape[1:]
        return tuple(native_mask(probability, shape, threshold=threshold, view=view) for threshold in thresholds)


def load_predictor(path: Path, *, bfloat16: bool = True) -> Predictor:
    """Load a training checkpoint, or the folder of a published model.

    Raises `CohortError` if there is no such checkpoint, and `models.card.CardError` if the published model is
    incomplete or damaged.
    """
    state = _published(path) if path.is_dir() else _checkpoint(path)
    architecture = Architecture(**state["architecture"])
    network = build_network(architecture)
    network.load_state_dict(fitted_weights(state["weights"], network))
    height_mm, width_mm = state["field_of_view_mm"]
    return Predictor(
        name=state["name"],
        weights_sha256=weights_digest(state["weights"]),
        network=Autocast(placed(with_pooling(network, state["pooling"])), enabled=bfloat16).eval(),
        channels=architecture.in_channels,
        size=state["size"] * state["pooling"],
        pooling=state["pooling"],
        field_of_view_mm=(height_mm, width_mm),
        bfloat16=bfloat16,
        exams=tuple(state["training_exams"]),
        patients=tuple(state["patients"]),
        slices_shown=state["slices_shown"],
    )


def weights_digest(weights: Mapping[str, Tensor]) -> str:
    """Return the SHA-256 over the names and values of weights in float16, their published precision."""
    digest = hashlib.sha256()
    for name, value in sorted(weights.items()):
        digest.update(name.encode())
        digest.update((value.half() if value.is_floating_point() else value).cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def _checkpoint(path: Path) -> dict[str, Any]:
    state = load_checkpoint(path)
    used = [*state["exams"], *(name for run in state["history"] for name in run.get("exams", []))]
    recipe, encoder = state["recipe"]["name"], state["architecture"]["encoder"]
    shown = sum(run["images"] for run in (*state["history"], run_summary(state)))
    return state | {"name": f"U-Net/{encoder}, recipe {recipe}", "training_exams": used, "slices_shown": shown}


def _published(folder: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    from models.card import read_card

    card = read_card(folder)
    fields = card["architecture"]
    return {
        "name": f"{card['name']} {card['version']}",
        "architecture": {name: fields[name] for name in ("encoder", "in_channels", "classes")},
        "pooling": fields["pooling"],
        "size": card["input"]["size"][0] // fields["pooling"],
        "field_of_view_mm": card["input"]["field_of_view_mm"],
        "weights": load_file(folder / card["weights"]["path"]),
        "training_exams": training_exams(card),
        "patients": card["training"].get("patients", []),
        "slices_shown": card["training"]["images"],
    }
