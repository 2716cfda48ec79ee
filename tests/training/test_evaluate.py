"""Claims about the evaluation and the published model, on a network trained here from scratch."""

from __future__ import annotations

import csv
import json
import math
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from liver_mre.liver.card import load_card
from training.cohort.exams import Exam, load_simulated_exam
from training.cohort.store import ExamRecord, save_exam
from training.errors import CohortError, PublishError
from training.segmentation.checkpoint import load_checkpoint, training_exams
from training.segmentation.cohort_tables import cohort_table, robustness_table
from training.segmentation.evaluate import EvaluateOptions, evaluate
from training.segmentation.options import TrainOptions
from training.segmentation.predict import load_predictor
from training.segmentation.publish import exam_ranges, publish, publish_evaluation
from training.segmentation.recipes import STRONG
from training.segmentation.scores import ExamScore, overlap, score_exam
from training.segmentation.tables import stages_table
from training.segmentation.train import BEST_NAME, Training

MakeRecord = Callable[..., ExamRecord]
SHIPPED = Path(__file__).parents[2] / "models/liver_segmentation"


@pytest.fixture
def make_exam(tmp_path: Path, make_record: MakeRecord) -> Callable[..., Exam]:
    return lambda seed=5, **facts: load_simulated_exam(save_exam(tmp_path / "made", make_record(seed, **facts)))


def _score(name: str, stage: str, dice: float, predicted_kpa: float, true_kpa: float) -> ExamScore:
    counts = (90, 100, 100)
    return ExamScore(
        name, stage, "everything", dice, dice, dice, dice, *counts, *counts, predicted_kpa, true_kpa, 9, 10
    )


@pytest.mark.long
def test_a_trained_network_is_evaluated_published_and_evaluated_again(
    cohort: Path, tmp_path: Path, make_record: MakeRecord
) -> None:
    run = tmp_path / "run"
    options = TrainOptions(
        (cohort,), run, replace(STRONG, bfloat16=False), 64, 1, epochs=3, network="resnet18", threads=1
    )
    Training(options).run()
    other = tmp_path / "other"
    for seed in range(1000, 1004):
        save_exam(other, make_record(seed, liver_kpa=2.0 + seed % 4))

    asked = EvaluateOptions(
        (cohort,),
        run / BEST_NAME,
        tmp_path / "report",
        "test",
        comparators=(run / BEST_NAME,),
        bfloat16=False,
        conditions={"another cohort": other},
    )
    summary = evaluate(asked)
    compared = {item["situation"]: item for item in summary["comparators"]}
    assert set(compared) == {"everything", "masked"}
    first = load_checkpoint(run / BEST_NAME)["progress"]["images"]
    assert compared["masked"]["slices_shown"] == first
    assert compared["masked"]["liver_dice"] == summary["situations"]["masked"]["liver_dice"]
    assert set(summary["situations"]) >= {"everything", "masked", "hatched", "unmasked"}
    assert summary["data"] == "simulated"
    page = (tmp_path / "report/report.html").read_text(encoding="utf-8")
    assert "Simulated cohort." in page
    assert "clinical, Su 2025" in page
    assert page.count("data:image/png;base64,") >= 5
    loaded = re.findall(r"""(?:src|href)\s*=\s*["']?([^"'\s>]{1,30})""", page)
    assert {where.split("/")[0] for where in loaded} <= {"data:image", "https:"}
    assert not [where for where in loaded if where.startswith("https:") and not where.startswith("https://doi.org/")]
    assert "another cohort" in page
    rows = list(csv.DictReader((tmp_path / "report/exams.csv").read_text(encoding="utf-8").splitlines()))
    assert {row["condition"] for row in rows} == {"as evaluated", "another cohort"}
    assert (tmp_path / "report/tables/stages.csv").exists()

    with pytest.raises(CohortError, match="used in training"):
        evaluate(replace(asked, split=None))

    card = publish(
        run / BEST_NAME,
        tmp_path / "report/evaluation.json",
        tmp_path / "model",
        hardware="a test machine",
        version="9.0",
    )
    assert json.loads((tmp_path / "model/card.json").read_text(encoding="utf-8")) == card
    assert load_card(tmp_path / "model").channels == ("stiffness", "confident", "magnitude")
    assert load_card(tmp_path / "model").size == tuple(card["input"]["size"])
    assert set(training_exams(card)) >= set(load_checkpoint(run / BEST_NAME)["exams"])
    assert (tmp_path / "model/weights.safetensors").stat().st_mode & 0o044 == 0o044  # readable to other users
    again = evaluate(
        replace(
            asked,
            model=tmp_path / "model",
            out=tmp_path / "again",
            situations=("masked",),
            conditions={},
            comparators=(),
        )
    )
    assert again["main"] == "masked"
    weights = (tmp_path / "model/weights.safetensors").read_bytes()
    newer = publish_evaluation(tmp_path / "again/evaluation.json", tmp_path / "model")
    assert json.loads((tmp_path / "model/card.json").read_text(encoding="utf-8")) == newer
    assert newer["metrics"]["main"] == "masked"
    assert newer | {"metrics": card["metrics"]} == card
    assert (tmp_path / "model/weights.safetensors").read_bytes() == weights
    published = again["situations"]["masked"]["liver_dice"]["value"]
    assert published == pytest.approx(summary["situations"]["masked"]["liver_dice"]["value"], abs=0.01)

    Training(replace(options, out=tmp_path / "next", init=tmp_path / "model", epochs=1)).run()
    seen = set(load_predictor(tmp_path / "next" / BEST_NAME).exams)
    assert seen >= set(training_exams(card))
    more = load_checkpoint(tmp_path / "next" / BEST_NAME)["progress"]["images"]
    assert load_predictor(tmp_path / "next" / BEST_NAME).slices_shown == first + more


def test_an_evaluation_of_other_weights_is_not_published(tmp_path: Path) -> None:
    torch.save({"weights": {"conv": torch.ones(2)}}, tmp_path / "best.pt")
    (tmp_path / "evaluation.json").write_text(json.dumps({"weights_sha256": "0" * 64}), encoding="utf-8")
    with pytest.raises(PublishError, match="other weights"):
        publish(tmp_path / "best.pt", tmp_path / "evaluation.json", tmp_path / "model", hardware="", version="1")
    with pytest.raises(PublishError, match="other weights"):
        publish_evaluation(tmp_path / "evaluation.json", SHIPPED)
    assert not (tmp_path / "model").exists()


def test_seeds_of_distant_cohorts_are_different_ranges() -> None:
    names = ["exam-00000005", "exam-00000009", "exam-00500000", "own-abc"]
    assert exam_ranges(names) == [[5, 9], [500000, 500000]]


def test_overlap_of_known_masks() -> None:
    assert overlap(2, 2, 2) == (1.0, 1.0)
    assert overlap(0, 2, 2) == (0.0, 0.0)
    assert overlap(1, 2, 1) == (pytest.approx(2 / 3), pytest.approx(0.5))
    assert all(math.isnan(value) for value in overlap(0, 0, 0))


def test_a_perfect_mask_measures_the_true_stiffness_and_area(make_exam: Callable[..., Exam]) -> None:
    exam = make_exam(liver_kpa=4.0)
    score = score_exam(exam, exam.liver, "everything")
    assert score.liver_dice == score.measurable_dice == 1.0
    assert score.predicted_kpa == score.true_kpa == pytest.approx(4.025, abs=0.01)
    measurable = exam.liver & exam.confident()
    assert score.predicted_area_cm2 == pytest.approx(measurable.sum() * 0.3125)


def test_an_empty_prediction_measures_nothing(make_exam: Callable[..., Exam]) -> None:
    exam = make_exam()
    score = score_exam(exam, np.zeros_like(exam.liver), "everything")
    assert score.liver_dice == 0.0
    assert not score.measured


def test_clinical_numbers_stand_in_their_own_last_column() -> None:
    scores = [_score(f"exam-{n}", f"F{n % 5}", 0.9, 3.0 + n / 10, 3.0 + n / 10) for n in range(10)]
    for table in (stages_table(scores), cohort_table({"this cohort": scores}, {"this cohort": []})):
        assert table.clinical
        assert all("clinical" not in column for column in table.columns[:-1])
    overall = stages_table(scores).rows[0]
    assert "0.900" in overall[2]
    assert "0.857" in overall[-1]
    assert "0.857" not in "".join(overall[:-1])


def test_robustness_compares_the_same_seeds_in_pairs() -> None:
    reference = [_score(f"exam-{n}", "F1", 0.90 + n / 100, 3, 3) for n in range(5)]
    other = [_score(f"exam-{n}", "F1", 0.88 + n / 100, 3, 3) for n in range(5)]
    row = robustness_table(reference, {"half the SNR": other}).rows[1]
    assert row[3].startswith("-0.020")
    assert row[4] == "5 pairs"
