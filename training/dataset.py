"""Slices of simulated exams as network input, with augmentation that respects the physics.

Stiffness is a quantity in kPa, so intensities are never scaled or shifted, and the body is never mirrored (the
liver lies on the right, where the driver is). What varies between exams in reality is varied here: position,
size and pose of the body, and the extent of the confidence mask.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from monai.data import Dataset
from monai.transforms import (
    Compose,
    EnsureChannelFirstd,
    EnsureTyped,
    MapTransform,
    RandAffined,
    RandomizableTransform,
    Resized,
    ScaleIntensityRanged,
)
from scipy import ndimage

from training.store import (
    CONFIDENCE_THRESHOLD,
    KPA_PER_COUNT,
    ExamRecord,
    confidence_counts,
    list_exams,
    load_exam,
    seed_of,
    split_of,
)

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping
    from pathlib import Path

    from monai.config import KeysCollection
    from numpy.typing import NDArray

    from training.store import Split

WINDOW_KPA = (0.0, 8.0)  # window centre 400, width 800 at 0.01 kPa a count
IMAGE_KEY = "image"
LABEL_KEY = "label"


class RandMaskStiffnessd(RandomizableTransform, MapTransform):
    """Set stiffness to zero where the confidence is too low, at a threshold that varies.

    The image under the key is (2, R, C) uint16 counts, stiffness then confidence; the result is (1, R, C)
    float32 in kPa. With probability `prob` the threshold is drawn from `thresholds` instead of 0.95, and
    islands smaller than a random area are removed, as scanners' smoothing of the mask does.
    """

    def __init__(
        self,
        keys: KeysCollection,
        prob: float = 0.0,
        thresholds: tuple[float, float] = (0.90, 0.98),
        largest_island_pixels: int = 60,
    ) -> None:
        MapTransform.__init__(self, keys)
        RandomizableTransform.__init__(self, prob)
        self.thresholds = thresholds
        self.largest_island_pixels = largest_island_pixels

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Mask the image of one slice."""
        result = dict(data)
        self.randomize(None)
        threshold, island = CONFIDENCE_THRESHOLD, 0
        if self._do_transform:
            threshold = self.R.uniform(*self.thresholds)
            island = int(self.R.randint(0, self.largest_island_pixels + 1))
        for key in self.key_iterator(result):
            counts, confidence = result[key]
            confident = remove_islands(confidence >= confidence_counts(threshold), island)
            kpa = np.where(confident, counts, np.uint16(0)).astype(np.float32) * np.float32(KPA_PER_COUNT)
            result[key] = kpa[np.newaxis]
        return result


def remove_islands(mask: NDArray[np.bool_], smallest_pixels: int) -> NDArray[np.bool_]:
    """Return the (R, C) mask without connected parts of fewer than `smallest_pixels` pixels."""
    if smallest_pixels <= 1:
        return mask
    labels, _ = ndimage.label(mask)
    keep = np.bincount(labels.ravel()) >= smallest_pixels
    keep[0] = False
    kept: NDArray[np.bool_] = keep[labels]
    return kept


def slice_transform(size: int, *, augment: bool) -> Compose:
    """Build the transform from one slice in counts to network input and label.

    Parameters
    ----------
    size : height and width of the network input in pixels, a multiple of 32
    augment : vary pose and confidence mask at random

    Returns
    -------
    A transform of {"image": (2, R, C) uint16 counts, "label": (R, C) bool} to {"image": (1, size, size)
    float32 in [0, 1], "label": (1, size, size) float32 in [0, 1]}.

    """
    keys = (IMAGE_KEY, LABEL_KEY)
    low_kpa, high_kpa = WINDOW_KPA
    steps: list[Any] = [
        RandMaskStiffnessd((IMAGE_KEY,), prob=0.5 if augment else 0.0),
        EnsureChannelFirstd((LABEL_KEY,), channel_dim="no_channel"),
        ScaleIntensityRanged((IMAGE_KEY,), low_kpa, high_kpa, 0.0, 1.0, clip=True),
        Resized(keys, (size, size), mode="bilinear"),
    ]
    if augment:
        shift = 0.06 * size
        steps.append(
            RandAffined(
                keys,
                prob=0.8,
                rotate_range=float(np.deg2rad(8.0)),
                shear_range=(0.06, 0.06),
                translate_range=(shift, shift),
                scale_range=(0.1, 0.1),
                mode="bilinear",
                padding_mode="zeros",
                cache_grid=True,
                spatial_size=(size, size),
            )
        )
    # Plain tensors: MONAI's tensors with metadata would slow every operation of the network.
    steps.append(EnsureTyped(keys, dtype=np.float32, track_meta=False))
    return Compose(steps)


@dataclass(slots=True)
class CohortCache:
    """The exams of one split of a cohort folder, in memory, extended as files appear.

    Attributes
    ----------
    folder : the cohort
    split : the split to read, or None for every exam
    limit : number of exams after which reading stops; None reads all
    records : the exams read so far

    """

    folder: Path
    split: Split | None
    limit: int | None = None
    records: dict[int, ExamRecord] = field(default_factory=dict)

    def rescan(self) -> int:
        """Read the exams that appeared since the last call; return how many."""
        before = len(self.records)
        for path in list_exams(self.folder):
            if self.limit is not None and len(self.records) >= self.limit:
                break
            seed = seed_of(path)
            if seed not in self.records and self.split in {None, split_of(seed)}:
                self.records[seed] = load_exam(path)
        return len(self.records) - before

    def slices(self) -> list[dict[str, NDArray[Any]]]:
        """Return every slice as {"image": (2, R, C) uint16 counts, "label": (R, C) bool}."""
        return [
            {
                IMAGE_KEY: np.stack([record.stiffness[index], record.confidence[index]]),
                LABEL_KEY: record.liver[index],
            }
            for _, record in sorted(self.records.items())
            for index in range(len(record.liver))
        ]


def make_dataset(slices: list[dict[str, NDArray[Any]]], size: int, *, augment: bool, seed: int = 0) -> Dataset:
    """Pair slices with the transform of `slice_transform`, its random state set from `seed`."""
    transform = slice_transform(size, augment=augment)
    transform.set_random_state(seed)
    return Dataset(slices, transform)
