"""Cross-validation of slice classifiers: one network per fold, resumable, equal folds for all architectures."""

from __future__ import annotations

import hashlib
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from liver_mre.quality.verdict import CAUSE_OUTPUTS, DIAGNOSTIC_OUTPUT, OUT_OF_DOMAIN_OUTPUT
from training.errors import TrainingError
from training.quality.networks import build_classifier
from training.quality.situations import MAGNITUDE, SITUATIONS
from training.quality.slices import DIAGNOSTIC
from training.segmentation.checkpoint import write_checkpoint
from training.segmentation.network import Autocast, default_device, placed

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import Tensor

    from training.quality.slices import Slices

FOLDS: Final = 8
MAX_SHIFT: Final = 0.08
MAX_ZOOM: Final = 0.08
MAX_ROTATION_RAD: Final = 0.08
DIAGNOSTIC_WEIGHT: Final = 0.5
"""Loss weight of diagnostic slices: measuring a failed slice is worse than losing a good one. Ours."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Hyperparameters of one network."""

    architecture: str  # name in torchvision
    epochs: int  # of each fold
    batch_size: int = 64
    learning_rate: float = 1e-3  # peak of the one-cycle schedule (AdamW, weight decay 0.01)
    seed: int = 20251  # of weights, order and augmentation
    bfloat16: bool = True  # autocast the forward pass


def fold_of(seed: int) -> int:
    """Return the fold of an exam by its seed alone, so that it does not change while the cohort grows."""
    return int.from_bytes(hashlib.sha256(f"fold {seed}".encode()).digest()[:4], "big") % FOLDS


def folds_of(exams: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the folds (N,) of slices by the seeds (N,) of their exams."""
    return np.array([fold_of(int(seed)) for seed in exams], np.int64)


def train_fold(slices: Slices, fold: int, plan: Plan, target: Path) -> dict[str, Any]:
    """Train the network of one fold, or read it if it exists.

    Raises `TrainingError` if the file belongs to other data or another plan, or the fold has no slice.

    Returns
    -------
    Content of the file `target`: weights, and the logits (M, `OUTPUTS`) of the fold's M slices by situation.
    """
    settings = {**asdict(plan), "fold": fold, "digest": slices.digest}
    if target.is_file():
        found: dict[str, Any] = torch.load(target, weights_only=True)
        if found["told"] != settings:
            message = (
                f"{target.parent.name}/{target.name} was trained with other settings or data: choose another --out"
            )
            raise TrainingError(message)
        return found
    held_out = folds_of(slices.exams) == fold
    if not held_out.any() or held_out.all():
        message = f"fold {fold} leaves no slice to train or to test on: simulate more exams"
        raise TrainingError(message)
    start = time.perf_counter()
    network = _fitted(slices.part(~held_out), plan, fold)
    test = slices.part(held_out)
    state = {
        "told": settings,
        "weights": {name: value.cpu() for name, value in network.state_dict().items()},
        "logits": {name: predict(network, test, name).tolist() for name in SITUATIONS},
        "seconds": round(time.perf_counter() - start, 1),
        "parameters": sum(value.numel() for value in network.parameters()),
    }
    target.parent.mkdir(parents=True, exist_ok=True)
    write_checkpoint(target, state)
    return state


def predict(network: nn.Module, slices: Slices, situation: str, batch: int = 256) -> NDArray[np.float32]:
    """Return the logits (N, ...) of slices in one of `SITUATIONS`."""
    device = next(network.parameters()).device
    number = tuple(SITUATIONS).index(situation)
    found = []
    network.eval()
    with torch.inference_mode():
        for start in range(0, len(slices.causes), batch):
            part = np.arange(start, min(start + batch, len(slices.causes)))
            image = _floats(slices.images_in(part, np.full(len(part), number)), device)
            found.append(network(image).float().cpu().numpy())
    return np.concatenate(found)


def _fitted(slices: Slices, plan: Plan, fold: int) -> nn.Module:
    torch.manual_seed(plan.seed + fold)
    rng = np.random.default_rng([plan.seed, fold])
    device = default_device()
    network = placed(build_classifier(plan.architecture))
    optimiser = torch.optim.AdamW(network.parameters(), lr=plan.learning_rate, weight_decay=0.01, fused=True)
    steps = plan.epochs * (len(slices.causes) // plan.batch_size or 1)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, plan.learning_rate, total_steps=steps, pct_start=0.2)
    shares = [each.probability for each in SITUATIONS.values()]
    autocast = Autocast(network, enabled=plan.bfloat16)
    for _ in range(plan.epochs):
        network.train()
        order = rng.permutation(len(slices.causes))
        for number in range(len(order) // plan.batch_size or 1):
            chosen = order[number * plan.batch_size : (number + 1) * plan.batch_size]
            situations = rng.choice(len(shares), len(chosen), p=shares)
            image = _augmented(_floats(slices.images_in(chosen, situations), device), rng)
            labels = (slices.causes, slices.out_of_domain)
            causes, out_of_domain = (torch.from_numpy(label[chosen]).to(device) for label in labels)
            loss = loss_of(autocast(image), causes, out_of_domain)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]  # torch has no types here
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            schedule.step()
    return network.eval()


def loss_of(logits: Tensor, causes: Tensor, out_of_domain: Tensor) -> Tensor:
    """Return the loss of logits (N, `OUTPUTS`): diagnostic, out of domain, and cause.

    The cause counts only for livers that are not diagnostic.
    """
    diagnostic = causes == DIAGNOSTIC
    loss = functional.binary_cross_entropy_with_logits(
        logits[:, DIAGNOSTIC_OUTPUT], diagnostic.float(), pos_weight=logits.new_tensor(DIAGNOSTIC_WEIGHT)
    )
    loss = loss + functional.binary_cross_entropy_with_logits(logits[:, OUT_OF_DOMAIN_OUTPUT], out_of_domain.float())
    failed = ~diagnostic & ~out_of_domain
    return loss + functional.cross_entropy(logits[failed, CAUSE_OUTPUTS], causes[failed]) if failed.any() else loss


def _floats(images: NDArray[np.uint8], device: torch.device) -> Tensor:
    return torch.from_numpy(images).to(device).float().div_(255.0).contiguous(memory_format=torch.channels_last)


def _augmented(image: Tensor, rng: np.random.Generator) -> Tensor:
    """Shift, rotate and scale images (N, 7, H, W) at random, and scale the magnitude."""
    count = len(image)
    angle = rng.uniform(-MAX_ROTATION_RAD, MAX_ROTATION_RAD, count)
    zoom = 1.0 + rng.uniform(-MAX_ZOOM, MAX_ZOOM, count)
    theta = np.zeros((count, 2, 3), np.float32)
    theta[:, 0, 0] = theta[:, 1, 1] = zoom * np.cos(angle)
    theta[:, 0, 1], theta[:, 1, 0] = -zoom * np.sin(angle), zoom * np.sin(angle)
    theta[:, :, 2] = rng.uniform(-MAX_SHIFT, MAX_SHIFT, (count, 2))
    grid = functional.affine_grid(torch.from_numpy(theta).to(image.device), list(image.shape), align_corners=False)
    moved = functional.grid_sample(image, grid, align_corners=False)
    gain = torch.from_numpy(rng.uniform(0.8, 1.2, count).astype(np.float32)).to(image.device)
    moved[:, MAGNITUDE] = (moved[:, MAGNITUDE] * gain[:, None, None]).clamp_(0.0, 1.0)
    return moved
