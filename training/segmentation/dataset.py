"""Slices as network input, with augmentation that respects the physics.

Geometry and channels are those of run time: a fixed physical field of view (`view_of`) and `network_channels`.
Augmentation varies what differs between real exams: position, size and pose of the body, extent of the confidence mask,
brightness, shading and noise of the magnitude, and the input situation. Stiffness in kPa is never scaled or shifted,
and nothing is mirrored, because liver and driver are on the right.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
import torch
from torch.nn import functional
from torch.utils.data import Dataset, Sampler

from liver_mre.liver.channels import ALL_CHANNELS
from liver_mre.liver.framing import View, resized, view_of
from training.segmentation.engines import CommonKeys
from training.segmentation.situations import STANDARD_MASKING, draw_masking, draw_situation, exam_channels

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from training.cohort.exams import Exam
    from training.segmentation.situations import Situation

INPUT_FIELD_OF_VIEW_MM: Final = (318.75, 400.0)
"""(height, width) of the network's input; a published card carries it."""
MAGNITUDE: Final = ALL_CHANNELS.index("magnitude")
_POSE_PROBABILITY: Final = 0.8
_MAGNITUDE_PROBABILITY: Final = 0.5


@dataclass(frozen=True, slots=True)
class Grid:
    """The grids of the network's input."""

    size: int  # height and width of the network's own grid in pixels, a multiple of 32
    pooling: int = 1  # the input is finer by this factor and is average-pooled


def on_grid(images: NDArray[np.float32], view: View, grid: Grid) -> Tensor:
    """Resample a view of images (N, R, C) to the network's grid, pooled as at run time: (N, size, size)."""
    fine = grid.size * grid.pooling
    resampled = np.stack([resized(image, (fine, fine), view) for image in images])
    return functional.avg_pool2d(torch.from_numpy(resampled), grid.pooling)


@dataclass(frozen=True, slots=True)
class Pose:
    """Rotation in radians, and shear in units of half the field of view."""

    rotation: float = 0.0
    shear: float = 0.0


def draw_view(view: View, random: np.random.Generator) -> tuple[View, Pose]:
    """Shift and scale a view at random, and draw a rotation and a shear."""
    if random.random() >= _POSE_PROBABILITY:
        return view, Pose()
    scale, aspect = np.exp(random.uniform(-0.10, 0.10)), np.exp(random.uniform(-0.04, 0.04))
    rows, columns = view.rows * scale * aspect, view.columns * scale / aspect
    down, right = random.uniform(-0.06, 0.06, 2)
    moved = View(
        view.top + (view.rows - rows) / 2 + down * view.rows,
        view.left + (view.columns - columns) / 2 + right * view.columns,
        rows,
        columns,
    )
    return moved, Pose(float(np.deg2rad(random.uniform(-8.0, 8.0))), float(random.uniform(-0.06, 0.06)))


def turned(images: Tensor, pose: Pose) -> Tensor:
    """Rotate and shear images (N, H, W) about their centre, bilinear, zero outside."""
    cosine, sine = float(np.cos(pose.rotation)), float(np.sin(pose.rotation))
    matrix = torch.tensor([[cosine, -sine + pose.shear, 0.0], [sine, cosine, 0.0]])
    where = functional.affine_grid(matrix[None], [1, *images.shape], align_corners=False)
    return functional.grid_sample(images[None], where, align_corners=False)[0]


def vary_magnitude(magnitude: Tensor, random: np.random.Generator) -> Tensor:
    """Vary brightness, coil shading and Rician noise of a magnitude (H, W) in [0, 1]."""
    height, width = magnitude.shape
    down, right = random.uniform(-0.2, 0.2, 2)
    shading = 1.0 + down * torch.linspace(-1, 1, height)[:, None] + right * torch.linspace(-1, 1, width)[None, :]
    noise = torch.from_numpy(random.standard_normal((2, height, width), dtype=np.float32)) * random.uniform(0.0, 0.05)
    bright = magnitude * shading * random.uniform(0.8, 1.15)
    return torch.hypot(bright + noise[0], noise[1]).clamp(0.0, 1.0)


@dataclass(slots=True)
class Slices(Dataset[dict[str, "Tensor"]]):
    """Slices of exams as network input and label.

    The key (epoch, index) determines an item, whichever worker makes it: {"image": (3, size, size), "label": (1, size,
    size)}, both float32 in [0, 1].
    """

    exams: Sequence[Exam]
    situations: Sequence[Situation]  # input situations; without augmentation the first that suits the exam
    grid: Grid
    augment: bool = False  # draw situation, pose and masking at random
    seed: int = 0  # of the augmentation
    field_of_view_mm: tuple[float, float] = INPUT_FIELD_OF_VIEW_MM  # (height, width) of the input
    places: list[tuple[int, int]] = field(init=False)
    _views: dict[tuple[int, bool], View] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        """List the slices of all exams."""
        self.places = [(number, index) for number, exam in enumerate(self.exams) for index in range(len(exam.liver))]

    def __len__(self) -> int:
        """Return the number of slices."""
        return len(self.places)

    def __getitem__(self, key: tuple[int, int]) -> dict[str, Tensor]:
        """Return slice `index` as augmented in `epoch`."""
        epoch, index = key
        random = np.random.default_rng((self.seed, epoch, index))
        number, where = self.places[index]
        exam = self.exams[number]
        here = slice(where, where + 1)
        situation, masking = self._situation(exam), STANDARD_MASKING
        if self.augment:
            situation, masking = draw_situation(exam, self.situations, random), draw_masking(random)
        channels = exam_channels(exam, situation, masking, here)[0]
        images = np.concatenate([channels, exam.liver[here].astype(np.float32)])
        view, pose = self.view(number, masked=situation.masked), Pose()
        if self.augment:
            view, pose = draw_view(view, random)
        resampled = on_grid(images, view, self.grid)
        if pose != Pose():
            resampled = turned(resampled, pose)
        if self.augment and situation.magnitude and random.random() < _MAGNITUDE_PROBABILITY:
            resampled[MAGNITUDE] = vary_magnitude(resampled[MAGNITUDE], random)
        return {CommonKeys.IMAGE: resampled[:-1], CommonKeys.LABEL: resampled[-1:]}

    def _situation(self, exam: Exam) -> Situation:
        return next(situation for situation in self.situations if situation.suits(exam))

    def view(self, number: int, *, masked: bool) -> View:
        """Return the field of view on an exam, without augmentation."""
        if (number, masked) not in self._views:
            self._views[number, masked] = view_of(self.exams[number].volume(masked=masked), self.field_of_view_mm)
        return self._views[number, masked]


@dataclass(slots=True)
class EpochSampler(Sampler[tuple[int, int]]):
    """Draw slices without replacement, reproducibly for a seed and epoch."""

    slices: int
    per_epoch: int  # slices drawn
    seed: int  # of the order
    epoch: int = 0  # epochs drawn so far; set it to resume a run
    weights: NDArray[np.float64] | None = None  # (slices,) relative probability of each slice; None draws uniformly

    def __len__(self) -> int:
        """Return the number of slices per epoch."""
        return min(self.per_epoch, self.slices)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        """Draw the slices of the next epoch as (epoch, index)."""
        self.epoch += 1
        random = np.random.default_rng((self.seed, self.epoch))
        if self.weights is None:
            order = random.permutation(self.slices)[: len(self)]
        else:
            share = self.weights / self.weights.sum()
            order = random.choice(self.slices, len(self), replace=False, p=share)
        return iter([(self.epoch, int(index)) for index in order])


def slice_weights(slices: Slices, rare_weight: float) -> NDArray[np.float64] | None:
    """Return sampling weights (slices,): `rare_weight` for rare anatomy, 1 otherwise; None if uniform."""
    if rare_weight == 1.0:
        return None
    rare = np.array([exam.has_rare_anatomy for exam in slices.exams])
    return np.where(rare, rare_weight, 1.0)[[number for number, _ in slices.places]]


def in_order(slices: Slices, limit: int | None = None) -> list[tuple[int, int]]:
    """Return the keys of all slices, or of `limit` slices spread evenly over the exams."""
    count = len(slices)
    chosen = (
        np.arange(count) if limit is None or limit >= count else np.linspace(0, count - 1, limit).round().astype(int)
    )
    return [(0, int(index)) for index in chosen]


def only_suitable(exams: Sequence[Exam], situation: Situation) -> list[Exam]:
    """Return the exams that have the series of a situation."""
    return [exam for exam in exams if situation.suits(exam)]
