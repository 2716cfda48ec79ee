"""Batches made on a device are those of the loader, up to the resampling."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from training.cohort.exams import Exam  # noqa: E402
from training.segmentation.dataset import EpochSampler, Grid, Slices  # noqa: E402
from training.segmentation.device_batches import DeviceBatches  # noqa: E402
from training.segmentation.engines import CommonKeys  # noqa: E402
from training.segmentation.situations import MASKED  # noqa: E402


def confident_exam(columns: int) -> Exam:
    """Return an exam of smooth stiffness that is confident everywhere, so that no mask is drawn at random."""
    y, x = np.mgrid[-1:1:120j, -1 : 1 : complex(0, columns)]
    body = (x / 0.8) ** 2 + (y / 0.7) ** 2 < 1.0
    stiffness = np.where(body, 250.0 + 80.0 * x + 60.0 * y, 0.0).astype(np.uint16)
    liver = ((x + 0.3) / 0.35) ** 2 + (y / 0.4) ** 2 < 1.0
    return Exam(
        name=f"exam-{columns:08d}",
        patient=str(columns),
        origin="simulated",
        stage="F2",
        pixel_spacing_mm=(2.5, 2.5),
        stiffness=np.stack([stiffness, stiffness[::-1]]),
        confidence=np.full((2, 120, columns), 10000, np.uint16),
        magnitude=None,
        bright=0.0,
        liver=np.stack([liver, liver]),
        masked=False,
        facts={},
        made_by="",
    )


def test_batches_of_a_device_show_what_the_loader_shows() -> None:
    slices = Slices([confident_exam(140), confident_exam(150)], (MASKED,), Grid(64, 2), augment=True, seed=5)
    batches = DeviceBatches(slices, EpochSampler(len(slices), 4, seed=7), 4, torch.device("cpu"))
    keys = list(EpochSampler(len(slices), 4, seed=7))
    (batch,) = list(batches)
    for place, key in enumerate(keys):
        loaded = slices[key]
        for name, channel in ((CommonKeys.IMAGE, 0), (CommonKeys.LABEL, 0)):
            difference = (batch[name][place, channel] - loaded[name][channel]).abs()
            assert float(difference.mean()) < 0.01, name
