"""Claims about network input and augmentation."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from training.dataset import CohortCache, make_dataset, remove_islands
from training.store import ExamRecord, save_exam, split_of

if TYPE_CHECKING:
    from pathlib import Path

MakeRecord = Callable[..., ExamRecord]


SIZE = 64


def _slice(stiffness_kpa: float, confidence: float = 0.99) -> dict[str, np.ndarray]:
    counts = np.full((SIZE, SIZE), round(stiffness_kpa * 100), dtype=np.uint16)
    trust = np.full((SIZE, SIZE), round(confidence * 10000), dtype=np.uint16)
    return {"image": np.stack([counts, trust]), "label": np.ones((SIZE, SIZE), dtype=bool)}


@pytest.mark.parametrize(("stiffness_kpa", "expected"), [(0.0, 0.0), (4.0, 0.5), (8.0, 1.0), (20.0, 1.0)])
def test_the_window_maps_zero_to_eight_kpa_to_the_unit_range(stiffness_kpa: float, expected: float) -> None:
    item = make_dataset([_slice(stiffness_kpa)], 32, augment=False)[0]
    assert item["image"].shape == (1, 32, 32)
    torch.testing.assert_close(item["image"], torch.full((1, 32, 32), expected))


def test_pixels_of_low_confidence_are_zero_in_the_input() -> None:
    assert not make_dataset([_slice(4.0, confidence=0.9499)], 32, augment=False)[0]["image"].any()


def test_augmentation_never_changes_the_stiffness_itself() -> None:
    dataset = make_dataset([_slice(3.2)] * 12, SIZE, augment=True, seed=5)
    for index in range(12):
        centre = dataset[index]["image"][0, 28:36, 28:36]
        torch.testing.assert_close(centre, torch.full_like(centre, 0.4))


def test_augmentation_never_mirrors_the_body(make_record: MakeRecord) -> None:
    record = make_record(1)
    item = {"image": np.stack([record.stiffness[0], record.confidence[0]]), "label": record.liver[0]}
    dataset = make_dataset([item] * 20, SIZE, augment=True, seed=1)
    for index in range(20):
        label = dataset[index]["label"][0]
        assert label[:, : SIZE // 2].sum() > 2 * label[:, SIZE // 2 :].sum()


def test_augmentation_moves_image_and_label_together(make_record: MakeRecord) -> None:
    record = make_record(2, liver_kpa=6.0)
    record.confidence[:] = 9900
    item = {"image": np.stack([record.stiffness[0], record.confidence[0]]), "label": record.liver[0]}
    dataset = make_dataset([item] * 8, SIZE, augment=True, seed=3)
    for index in range(8):
        sample = dataset[index]
        seen = sample["image"][0] > 0.5
        drawn = sample["label"][0] > 0.5
        assert 2 * (seen & drawn).sum() / (seen.sum() + drawn.sum()) > 0.95


def test_augmentation_repeats_with_its_seed_and_varies_without() -> None:
    items = [_slice(3.0)] * 4
    first, again, other = (make_dataset(items, SIZE, augment=True, seed=seed) for seed in (1, 1, 2))
    labels = [torch.stack([data[index]["label"] for index in range(4)]) for data in (first, again, other)]
    assert torch.equal(labels[0], labels[1])
    assert not torch.equal(labels[0], labels[2])


def test_islands_under_the_area_go_and_others_stay() -> None:
    mask = np.zeros((20, 20), dtype=bool)
    mask[2:4, 2:4] = True
    mask[10:16, 10:16] = True
    cleaned = remove_islands(mask, 5)
    assert not cleaned[:8, :8].any()
    assert cleaned.sum() == 36


def test_the_cache_finds_exams_that_appear_later_and_keeps_to_its_split(
    tmp_path: Path, make_record: MakeRecord
) -> None:
    cache = CohortCache(tmp_path, "train")
    assert cache.rescan() == 0
    for seed in range(30):
        save_exam(tmp_path, make_record(seed))
    found = cache.rescan()
    assert set(cache.records) == {seed for seed in range(30) if split_of(seed) == "train"}
    assert found == len(cache.records)
    assert cache.rescan() == 0
    assert len(cache.slices()) == 2 * found
