"""From simulated failures to a vote that the application runs."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from liver_mre.errors import ModelError
from liver_mre.quality.image import QUALITY_CHANNELS
from liver_mre.quality.networks import load_quality_model, parse_quality_card
from liver_mre.quality.verdict import CAUSE_OUTPUTS, CAUSES, OUTPUTS, Cause
from models.export import export_model
from tests.training.quality.conftest import quality_record, true_livers
from training.cohort.store import save_exam
from training.errors import PublishError, TrainingError
from training.quality.compare import best_of, compare, fold_file, markdown
from training.quality.evaluate import EVALUATION, evaluate
from training.quality.networks import ARCHITECTURES, build_classifier
from training.quality.publish import publish_quality
from training.quality.scores import score
from training.quality.situations import LIVER, LIVER_SITUATIONS, SITUATIONS, WITH_WAVES
from training.quality.slices import DIAGNOSTIC, read_slices
from training.quality.train import FOLDS, Plan, fold_of, folds_of, loss_of, predict, train_fold
from training.quality.truth import true_causes

if TYPE_CHECKING:
    from pathlib import Path

    from training.segmentation.predicted_livers import LiverCache

ONE = ("squeezenet1_1",)


def test_a_slice_is_judged_by_what_came_of_it() -> None:
    harmed = quality_record(1)
    assert true_causes(harmed) == (None, None, Cause.NO_WAVES, Cause.NO_WAVES)
    unharmed = replace(quality_record(0), facts={"given_failure": "breathing"})
    assert true_causes(unharmed) == (None,) * 4


def test_what_is_no_liver_has_no_diagnostic_slice() -> None:
    mirrored = replace(quality_record(0), facts={"unlike": "mirrored"})
    assert set(true_causes(mirrored)) == {Cause.NO_LIVER_HERE}


def test_a_slice_whose_stiffness_is_far_off_is_not_diagnostic_however_confident() -> None:
    record = quality_record(0)
    wrong = replace(record, true_stiffness=(record.true_stiffness * 0.7).astype(np.uint16))
    assert set(true_causes(wrong)) == {Cause.PROPAGATION}


def test_no_patient_is_on_both_sides_of_a_fold(quality_cohort: Path, quality_livers: LiverCache) -> None:
    slices = read_slices([quality_cohort], quality_livers)
    folds = folds_of(slices.exams)
    assert all(len(set(folds[slices.exams == exam])) == 1 for exam in set(slices.exams.tolist()))
    assert [fold_of(seed) for seed in range(40)] == [fold_of(seed) for seed in range(40)]
    assert len(set(folds.tolist())) == FOLDS


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_every_architecture_takes_the_images_and_names_causes(name: str) -> None:
    network = build_classifier(name).eval()
    with torch.inference_mode():
        logits = network(torch.rand(2, len(QUALITY_CHANNELS), 64, 80))
    assert logits.shape == (2, OUTPUTS)
    assert torch.isfinite(logits).all()


def test_a_logit_can_be_negative() -> None:
    torch.manual_seed(0)
    network = build_classifier("squeezenet1_1").eval()
    with torch.inference_mode():
        assert (network(torch.rand(8, len(QUALITY_CHANNELS), 64, 80)) < 0).any()


def test_scores_count_both_classes() -> None:
    truth = np.array([DIAGNOSTIC, DIAGNOSTIC, 0, 1, 1])
    logits = np.zeros((5, OUTPUTS), np.float32)
    logits[:, 0] = [2.0, -2.0, -2.0, -2.0, 2.0]
    logits[:, 1] = 1.0
    found = score(logits, truth, np.zeros(5, bool))
    assert found.accuracy == pytest.approx(3 / 5)
    assert found.precision == found.recall == 0.5
    assert (found.precision_bad, found.recall_bad) == (pytest.approx(2 / 3), pytest.approx(2 / 3))
    assert found.cause == 0.5


@pytest.fixture(scope="module")
def run(quality_cohort: Path, quality_livers: LiverCache, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a comparison of one architecture, two epochs a fold."""
    out = tmp_path_factory.mktemp("run")
    rows = compare([quality_cohort], quality_livers, out, ONE, epochs=2, threads=1)
    assert best_of(rows) == "squeezenet1_1"
    assert "| SqueezeNet | 0.7 M | 2 | everything and waves |" in markdown(rows)
    return out


def test_of_networks_that_eight_folds_do_not_tell_apart_the_smallest_is_best() -> None:
    def row(network: str, accuracy: float, parameters: int) -> dict[str, Any]:
        return {"network": network, "shown": WITH_WAVES, "accuracy": accuracy, "accuracy_sd": 0.02} | {
            "parameters": parameters
        }

    large, middle = row("ResNet50", 0.970, 23), row("ResNet18", 0.964, 11)
    assert best_of([large, middle, row("SqueezeNet", 0.962, 1)]) == "resnet18"
    assert best_of([large, row("ResNet18", 0.962, 11)]) == "resnet50"


def test_a_finished_fold_is_not_trained_again(run: Path, quality_cohort: Path, quality_livers: LiverCache) -> None:
    before = fold_file(run, ONE[0], 0).stat().st_mtime_ns
    rows = compare([quality_cohort], quality_livers, run, ONE, epochs=2)
    assert fold_file(run, ONE[0], 0).stat().st_mtime_ns == before
    assert {row["shown"] for row in rows} == set(SITUATIONS)


def test_a_run_is_not_continued_otherwise(run: Path, quality_cohort: Path, quality_livers: LiverCache) -> None:
    slices = read_slices([quality_cohort], quality_livers)
    with pytest.raises(TrainingError, match="other settings"):
        train_fold(slices, 0, Plan(ONE[0], epochs=3), fold_file(run, ONE[0], 0))


def test_patients_of_the_training_are_not_evaluated(
    run: Path, quality_cohort: Path, quality_livers: LiverCache, tmp_path: Path
) -> None:
    with pytest.raises(TrainingError, match="used in training"):
        evaluate(run, [quality_cohort], quality_livers, tmp_path, train_data=[quality_cohort])


@pytest.mark.long
def test_the_published_vote_runs_as_it_was_trained(
    run: Path, quality_cohort: Path, quality_livers: LiverCache, tmp_path: Path
) -> None:
    summary = evaluate(run, [quality_cohort], quality_livers, tmp_path)
    assert sum(map(sum, (row.values() for row in summary["confusion"].values()))) == summary["slices"] == 160
    folder = tmp_path / "model"
    card = publish_quality(run, tmp_path / EVALUATION, folder, hardware="a test", version="0.1.0")
    assert card["architecture"]["members"] == FOLDS
    export_model(folder)
    model = load_quality_model(folder)
    few = read_slices([quality_cohort], quality_livers).part(np.arange(160) < 5)
    logits = model.logits(few.images.astype(np.float32) / 255.0)
    assert logits.shape == (5, FOLDS, OUTPUTS)
    own = torch.load(fold_file(run, ONE[0], 3), weights_only=True)["weights"]
    network = build_classifier(ONE[0])
    network.load_state_dict(own)
    np.testing.assert_allclose(logits[:, 3], predict(network, few, WITH_WAVES), atol=0.02)
    with pytest.raises(ValueError, match="are due"):
        model.logits(np.zeros((1, 1, 64, 80), np.float32))


def test_an_evaluation_of_other_weights_is_not_published(run: Path, tmp_path: Path) -> None:
    (tmp_path / EVALUATION).write_text(json.dumps({"architecture": ONE[0], "weights_sha256": "0"}))
    with pytest.raises(PublishError, match="other weights"):
        publish_quality(run, tmp_path / EVALUATION, tmp_path, hardware="", version="")


def test_a_card_of_other_causes_is_refused() -> None:
    card = {
        "schema_version": "1.0",
        "input": {"channels": list(QUALITY_CHANNELS), "size": [64, 80]},
        "output": {"causes": [str(cause) for cause in CAUSES[::-1]], "of_the_exam": ["stranger"]},
    }
    with pytest.raises(ModelError, match="other causes"):
        parse_quality_card(card)


def test_a_card_of_networks_that_know_no_strangers_is_refused() -> None:
    card = {
        "schema_version": "1.0",
        "input": {"channels": list(QUALITY_CHANNELS), "size": [64, 80]},
        "output": {"causes": [str(cause) for cause in CAUSES], "of_the_exam": []},
    }
    with pytest.raises(ModelError, match="other things about an exam"):
        parse_quality_card(card)


def test_a_stranger_is_known_by_its_exam_and_scored_apart(tmp_path: Path) -> None:
    save_exam(tmp_path, quality_record(0))
    save_exam(tmp_path, replace(quality_record(2), facts={"unlike": "head"}))
    slices = read_slices([tmp_path], true_livers(tmp_path / "livers", tmp_path))
    assert slices.out_of_domain.tolist() == [False] * 4 + [True] * 4
    logits = np.zeros((8, OUTPUTS), np.float32)
    logits[:4, -1], logits[4:, -1] = -1.0, 1.0
    assert score(logits, slices.causes, slices.out_of_domain).auroc_stranger == 1.0
    assert np.isnan(score(logits[:4], slices.causes[:4], slices.out_of_domain[:4]).auroc_stranger)


def test_the_loss_falls_when_a_stranger_is_called_one() -> None:
    causes, strangers = torch.tensor([DIAGNOSTIC, 5]), torch.tensor([False, True])
    unknown = torch.zeros(2, OUTPUTS)
    known = unknown.clone()
    known[:, -1] = torch.tensor([-3.0, 3.0])
    assert loss_of(known, causes, strangers) < loss_of(unknown, causes, strangers)


def test_a_stranger_teaches_no_cause() -> None:
    logits = torch.zeros(2, OUTPUTS, requires_grad=True)
    loss_of(logits, torch.tensor([1, 5]), torch.tensor([False, True])).backward()
    taught = logits.grad[:, CAUSE_OUTPUTS].abs().sum(dim=1)
    assert taught[0] > 0.0
    assert taught[1] == 0.0


def test_a_failed_slice_that_passes_costs_more_than_a_good_one_that_is_lost() -> None:
    passes, lost = torch.zeros(1, OUTPUTS), torch.zeros(1, OUTPUTS)
    passes[:, 0], lost[:, 0] = 3.0, -3.0
    good, failed, liver = torch.tensor([DIAGNOSTIC]), torch.tensor([0]), torch.tensor([False])
    right = torch.zeros(1, OUTPUTS)
    right[:, 0] = -3.0
    certain = loss_of(right, failed, liver)
    assert loss_of(passes, failed, liver) - certain > loss_of(lost, good, liver)


def test_a_situation_hides_what_a_study_lacks_and_shows_the_liver_that_is_outlined_in_it(
    quality_cohort: Path, quality_livers: LiverCache
) -> None:
    few = read_slices([quality_cohort], quality_livers).part(np.arange(160) < 2)
    outlines = np.zeros_like(few.livers)
    outlines[:, LIVER_SITUATIONS.index("masked")] = 7
    few = replace(few, livers=outlines)
    for number, (name, shown) in enumerate(SITUATIONS.items()):
        seen = few.images_in(np.arange(2), np.full(2, number))
        assert set(np.unique(seen[:, LIVER])) == ({7} if name == "masked" else {0})
        there = {channel for channel, image in zip(QUALITY_CHANNELS, seen.any(axis=(0, 2, 3)), strict=True) if image}
        assert there - {"liver"} == set(shown.channels) - {"liver"}
    assert sum(each.probability for each in SITUATIONS.values()) == pytest.approx(1.0)
