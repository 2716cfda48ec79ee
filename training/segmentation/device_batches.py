"""Training batches made on the GPU: all exams are held in its memory, and slices are drawn, masked and resampled there.

The input is that of `dataset.Slices`, with two differences: pose and field of view are resampled in one step, and
islands of the confident pixels are removed by an opening instead of by their size.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch
from torch.nn import functional

from liver_mre.liver.channels import WINDOW_KPA
from training.cohort.store import CONFIDENCE_PER_COUNT, KPA_PER_COUNT
from training.segmentation.dataset import MAGNITUDE, draw_view
from training.segmentation.engines import CommonKeys
from training.segmentation.situations import draw_masking, draw_situation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from torch import Tensor

    from training.segmentation.dataset import EpochSampler, Slices

_OPENING_SHARE: Final = 0.25
"""Share of the batches' slices whose confident pixels are opened."""


class DeviceBatches:
    """Augmented batches of `Slices`, in the order of a sampler; an iteration is an epoch."""

    def __init__(self, slices: Slices, sampler: EpochSampler, batch_size: int, device: torch.device) -> None:
        self.slices, self.sampler, self.batch_size, self.device = slices, sampler, batch_size, device
        self.side = max(max(exam.liver.shape[1:]) for exam in slices.exams)
        self.stiffness = self._held([exam.stiffness.astype(np.float32) * KPA_PER_COUNT for exam in slices.exams])
        self.confidence = self._held([exam.confidence.astype(np.float32) for exam in slices.exams])
        self.magnitude = self._held([_bright(exam) for exam in slices.exams])
        self.liver = self._held([exam.liver.astype(np.float32) for exam in slices.exams])

    def __len__(self) -> int:
        """Return the number of full batches in an epoch."""
        return len(self.sampler) // self.batch_size

    def __iter__(self) -> Iterator[dict[str, Tensor]]:
        """Draw the batches of the next epoch."""
        keys = list(self.sampler)
        for start in range(len(self)):
            yield self._batch(keys[start * self.batch_size : (start + 1) * self.batch_size])

    def _held(self, exams: list[NDArray[np.float32]]) -> Tensor:
        """Return all slices (N, side, side) in half precision, padded with zeros."""
        padded = [np.pad(each, ((0, 0), *((0, self.side - size) for size in each.shape[1:]))) for each in exams]
        return torch.from_numpy(np.concatenate(padded).astype(np.float16)).to(self.device)

    def _batch(self, keys: list[tuple[int, int]]) -> dict[str, Tensor]:
        drawn = [self._drawn(*key) for key in keys]
        where = torch.tensor([index for _, index in keys], device=self.device)

        def flags(name: str) -> Tensor:
            values = [float(each[name]) for each in drawn]
            return torch.tensor(values, device=self.device)[:, None, None]

        low, high = WINDOW_KPA
        stiffness = self.stiffness[where].float()
        # Half precision rounds counts above 2048; the threshold lies between them.
        counts = self.confidence[where].float()
        kept = (counts >= flags("threshold") / CONFIDENCE_PER_COUNT - 2.0) & (stiffness > 0)
        opened = functional.max_pool2d(-functional.max_pool2d(-kept[:, None].float(), 3, 1, 1), 3, 1, 1)[:, 0] > 0
        kept = torch.where(flags("opened") > 0, opened, kept)
        shown = kept | ((flags("hatched") > 0) & ~self._hatch(flags("period"), flags("rising"), flags("phase")))
        masked = flags("masked")
        channels = torch.stack(
            [
                ((stiffness - low) / (high - low)).clamp(0.0, 1.0) * torch.where(masked > 0, shown.float(), 1.0),
                kept.float() * flags("confidence"),
                self.magnitude[where].float() * flags("magnitude"),
                self.liver[where].float(),
            ],
            dim=1,
        )
        pooling, size = self.slices.grid.pooling, self.slices.grid.size
        theta = torch.tensor(np.stack([each["theta"] for each in drawn]), dtype=torch.float32, device=self.device)
        grid = functional.affine_grid(theta, [len(keys), 4, size * pooling, size * pooling], align_corners=False)
        fine = functional.grid_sample(channels, grid, align_corners=False)
        images = functional.avg_pool2d(fine, pooling)
        image, label = images[:, :-1].contiguous(), images[:, -1:].contiguous()
        self._vary_magnitude(image, drawn)
        return {CommonKeys.IMAGE: image, CommonKeys.LABEL: label}

    def _drawn(self, epoch: int, index: int) -> dict[str, Any]:
        """Return the augmentation of a slice, as `Slices` draws it."""
        random = np.random.default_rng((self.slices.seed, epoch, index))
        number, _ = self.slices.places[index]
        exam = self.slices.exams[number]
        situation, masking = draw_situation(exam, self.slices.situations, random), draw_masking(random)
        view, pose = draw_view(self.slices.view(number, masked=situation.masked), random)
        cosine, sine = np.cos(pose.rotation), np.sin(pose.rotation)
        turn = np.array([[cosine, -sine + pose.shear], [sine, cosine]])
        extent = np.array([view.columns, view.rows]) / self.side
        start = (2.0 * np.array([view.left, view.top]) + [view.columns, view.rows]) / self.side - 1.0
        return {
            "theta": np.concatenate([extent[:, None] * turn, start[:, None]], axis=1),
            "threshold": masking.threshold,
            "opened": masking.smallest_island > 0 and random.random() < _OPENING_SHARE,
            "masked": situation.masked,
            "confidence": situation.confidence,
            "magnitude": situation.magnitude,
            "hatched": situation.hatched,
            "period": masking.hatch_period,
            "rising": masking.hatch_rising,
            "phase": masking.hatch_phase,
            "shading": random.uniform(-0.3, 0.3, 2),
            "gain": random.uniform(0.7, 1.2),
            "noise": random.uniform(0.0, 0.06) if random.random() < 0.5 else 0.0,  # noqa: PLR2004 - half
        }

    def _hatch(self, period: Tensor, rising: Tensor, phase: Tensor) -> Tensor:
        steps = torch.arange(self.side, device=self.device, dtype=torch.float32)
        falling, climbing = steps[:, None] + steps[None, :], steps[:, None] - steps[None, :]
        return torch.remainder(torch.where(rising > 0, climbing, falling) + phase, period) == 0

    def _vary_magnitude(self, image: Tensor, drawn: list[dict[str, Any]]) -> None:
        """Vary brightness, coil shading and Rician noise of the magnitude, in place."""
        size = image.shape[-1]
        line = torch.linspace(-1, 1, size, device=self.device)
        shading = torch.tensor(np.stack([each["shading"] for each in drawn]), device=self.device).float()
        gain, noise, shown = (
            torch.tensor([float(each[name]) for each in drawn], device=self.device)[:, None, None]
            for name in ("gain", "noise", "magnitude")
        )
        field = 1.0 + shading[:, 0, None, None] * line[:, None] + shading[:, 1, None, None] * line[None, :]
        bright = image[:, MAGNITUDE] * field * gain
        grain = torch.randn((2, *bright.shape), device=self.device) * noise
        image[:, MAGNITUDE] = torch.hypot(bright + grain[0], grain[1]).clamp(0.0, 1.0) * shown


def _bright(exam: Any) -> NDArray[np.float32]:  # noqa: ANN401 - an exam
    if exam.magnitude is None or not exam.bright:
        return np.zeros(exam.liver.shape, np.float32)
    return np.asarray(np.clip(exam.magnitude.astype(np.float32) / exam.bright, 0.0, 1.0), np.float32)
