"""Claims about network input and augmentation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from training.cohort.exams import Exam, load_simulated_exam, read_exams, save_own, split_of_exam
from training.cohort.store import ExamRecord, save_exam
from training.errors import CohortError
from training.segmentation.dataset import EpochSampler, Grid, Slices, slice_weights
from training.segmentation.situations import (
    EVERYTHING,
    MASKED,
    SITUATIONS,
    Masking,
    exam_channels,
    hatch_lines,
    remove_islands,
)

if TYPE_CHECKING:
    from pathlib import Path

MakeRecord = Callable[..., ExamRecord]
BY_NAME = {situation.name: situation for situation in SITUATIONS}
GRID = Grid(64)


@pytest.fixture
def make_exam(tmp_path: Path, make_record: MakeRecord) -> Callable[..., Exam]:
    def make(seed: int = 1, **facts: object) -> Exam:
        return load_simulated_exam(save_exam(tmp_path / "made", make_record(seed, **facts)))

    return make


MakeExam = Callable[..., Exam]


def test_every_situation_shows_what_it_says_and_nothing_else(make_exam: MakeExam) -> None:
    exam = make_exam()
    confident = exam.confident()
    shown = {name: exam_channels(exam, situation) for name, situation in BY_NAME.items()}
    for name, channels in shown.items():
        situation = BY_NAME[name]
        assert channels[:, 1].any() == situation.confidence
        assert channels[:, 2].any() == situation.magnitude
        assert (channels[:, 0][~confident & (exam.stiffness > 0)] == 0).all() == (
            situation.masked and not situation.hatched
        )
    np.testing.assert_array_equal(shown["everything"][:, 1], confident)
    np.testing.assert_array_equal(shown["unmasked"][:, 0], shown["everything"][:, 0])


def test_a_hatched_elastogram_keeps_confident_pixels_and_loses_lines_of_the_others(make_exam: MakeExam) -> None:
    exam = make_exam()
    hatched, whole = exam_channels(exam, BY_NAME["hatched"])[:, 0], exam_channels(exam, BY_NAME["unmasked"])[:, 0]
    lines = np.broadcast_to(hatch_lines(exam.liver.shape[1:], Masking()), exam.liver.shape)
    confident, body = exam.confident(), exam.stiffness > 0
    np.testing.assert_array_equal(hatched[confident], whole[confident])
    assert not hatched[lines & ~confident].any()
    np.testing.assert_array_equal(hatched[~lines & ~confident & body], whole[~lines & ~confident & body])


def test_a_masked_exam_is_never_shown_unmasked(make_exam: MakeExam) -> None:
    exam = replace(make_exam(), masked=True, magnitude=None)
    assert [situation.name for situation in SITUATIONS if situation.suits(exam)] == ["masked"]


def test_augmentation_never_changes_the_stiffness_itself(make_exam: MakeExam) -> None:
    exam = make_exam()
    even = replace(exam, stiffness=np.full_like(exam.stiffness, 320), confidence=np.full_like(exam.confidence, 9990))
    slices = Slices([even], SITUATIONS, GRID, augment=True, seed=5)
    for epoch in range(12):
        centre = slices[epoch, 0]["image"][0, 28:36, 28:36]
        torch.testing.assert_close(centre, torch.full_like(centre, 0.4))


def test_augmentation_never_mirrors_the_body(make_exam: MakeExam) -> None:
    slices = Slices([make_exam()], SITUATIONS, GRID, augment=True, seed=1)
    for epoch in range(20):
        label = slices[epoch, 0]["label"][0]
        assert label[:, : GRID.size // 2].sum() > 2 * label[:, GRID.size // 2 :].sum()


def test_augmentation_moves_image_and_label_together(make_exam: MakeExam) -> None:
    exam = make_exam(2, liver_kpa=6.0)
    exam.confidence[:] = 9900
    slices = Slices([exam], (EVERYTHING,), GRID, augment=True, seed=3)
    for epoch in range(8):
        item = slices[epoch, 0]
        seen, drawn = item["image"][0] > 0.5, item["label"][0] > 0.5
        assert 2 * (seen & drawn).sum() / (seen.sum() + drawn.sum()) > 0.95


def test_a_slice_is_the_same_for_its_seed_and_epoch_and_another_for_others(make_exam: MakeExam) -> None:
    exam = make_exam()
    first, again, other = (Slices([exam], SITUATIONS, GRID, augment=True, seed=seed) for seed in (1, 1, 2))
    assert torch.equal(first[3, 1]["image"], again[3, 1]["image"])
    assert not torch.equal(first[3, 1]["label"], other[3, 1]["label"])
    assert not torch.equal(first[3, 1]["label"], first[4, 1]["label"])


def test_a_finer_matrix_shows_the_liver_in_its_physical_size(make_exam: MakeExam) -> None:
    exam = make_exam()

    def doubled(image: np.ndarray) -> np.ndarray:
        return image.repeat(2, axis=1).repeat(2, axis=2)

    fine = replace(
        exam,
        stiffness=doubled(exam.stiffness),
        confidence=doubled(exam.confidence),
        magnitude=doubled(exam.magnitude),
        liver=doubled(exam.liver),
        pixel_spacing_mm=(exam.pixel_spacing_mm[0] / 2, exam.pixel_spacing_mm[1] / 2),
    )
    coarse_label, fine_label = (Slices([item], (EVERYTHING,), GRID)[0, 0]["label"] for item in (exam, fine))
    assert (coarse_label - fine_label).abs().mean() < 0.01


def test_pooling_averages_a_finer_input(make_exam: MakeExam) -> None:
    plain, pooled = (Slices([make_exam()], (MASKED,), Grid(32, pooling))[0, 0]["image"] for pooling in (1, 2))
    assert plain.shape == pooled.shape == (3, 32, 32)
    torch.testing.assert_close(plain.mean(), pooled.mean(), rtol=0.03, atol=0.005)


def test_epochs_draw_other_slices_and_a_continued_run_draws_the_same() -> None:
    sampler = EpochSampler(100, 10, seed=2)
    first, second = list(sampler), list(sampler)
    assert {epoch for epoch, _ in first} == {1}
    assert [index for _, index in first] != [index for _, index in second]
    assert list(EpochSampler(100, 10, seed=2, epoch=1)) == second


def test_slices_of_rare_anatomy_are_drawn_as_often_as_the_recipe_says(make_exam: MakeExam) -> None:
    usual, resected = make_exam(), make_exam()
    resected = replace(resected, facts={**resected.facts, "resection": 0.7})
    slices = Slices([usual, resected], (MASKED,), GRID)
    weights = slice_weights(slices, 4.0)
    assert weights is not None
    assert weights.tolist() == [1.0] * len(usual.liver) + [4.0] * len(resected.liver)
    assert slice_weights(slices, 1.0) is None

    draws = [index for epoch in range(400) for _, index in EpochSampler(len(weights), 1, 3, epoch, weights)]
    share = np.mean([index >= len(usual.liver) for index in draws])
    assert share == pytest.approx(0.8, abs=0.06)


def test_an_epoch_of_weighted_draws_repeats_no_slice_and_comes_out_the_same_again() -> None:
    weights = np.linspace(1.0, 5.0, 50)
    drawn = list(EpochSampler(50, 40, 3, weights=weights))
    assert len(set(drawn)) == 40
    assert list(EpochSampler(50, 40, 3, weights=weights)) == drawn


def test_islands_under_the_area_go_and_others_stay() -> None:
    mask = np.zeros((20, 20), dtype=bool)
    mask[2:4, 2:4] = True
    mask[10:16, 10:16] = True
    cleaned = remove_islands(mask, 5)
    assert not cleaned[:8, :8].any()
    assert cleaned.sum() == 36


def test_own_exams_are_read_as_they_were_written_beside_simulated_ones(
    cohort: Path, tmp_path: Path, make_exam: MakeExam
) -> None:
    own = replace(
        make_exam(), name="own-0123456789ab", patient="p1", origin="own", stage="", masked=True, magnitude=None
    )
    save_own(tmp_path / "own", own)
    exams = read_exams((cohort, tmp_path / "own"))
    assert len(exams) == 41
    np.testing.assert_array_equal(exams[-1].stiffness, own.stiffness)
    assert (exams[-1].masked, exams[-1].magnitude, exams[-1].patient) == (True, None, "p1")


def test_all_exams_of_a_patient_are_in_one_split(make_exam: MakeExam) -> None:
    exam = make_exam()
    for number in range(30):
        pair = [replace(exam, origin="own", name=f"own-{n}", patient=f"patient {number}") for n in range(2)]
        assert len({split_of_exam(item) for item in pair}) == 1


def test_an_exam_in_two_folders_is_refused(cohort: Path) -> None:
    with pytest.raises(CohortError, match="two of the cohort folders"):
        read_exams((cohort, cohort))
