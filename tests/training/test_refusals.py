"""What must not be measured is refused and what is good gets a number, by the application's own steps."""

from __future__ import annotations

import csv
import math
from typing import TYPE_CHECKING

import pytest

from liver_mre.method.toolkit import Toolkit
from training.cohort.simulate import build_cohort
from training.cohort.store import list_exams, load_exam
from training.errors import CohortError
from training.experiments.refusals import (
    APPLICATION_FILE,
    NUMBER,
    SETTINGS,
    Outcome,
    agreement_of,
    outcomes_of,
    refusals_table,
    run_refusals,
    summary_of,
)
from training.experiments.truth import truth_of
from training.quality.situations import WITH_WAVES
from training.segmentation.situations import RUN_TIME_SITUATIONS

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def cohorts(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("cohorts")
    build_cohort(folder / "usual", patients=3, seed=77, workers=1, progress=False)
    build_cohort(folder / "strangers", patients=2, seed=78, design="out-of-domain", workers=1, progress=False)
    return folder / "usual", folder / "strangers"


def test_a_good_exam_gets_its_number_and_a_stranger_none(cohorts: tuple[Path, Path], tmp_path: Path) -> None:
    summary = run_refusals(cohorts, tmp_path)
    rows = summary["groups"]
    strangers = [row for row in rows if not row["group"].startswith("usual")]
    assert {row["shown"] for row in strangers} == {WITH_WAVES, *RUN_TIME_SITUATIONS}
    whole = [row for row in strangers if row["shown"] in {"everything", WITH_WAVES, "no-magnitude"}]
    assert sum(row["numbers"] for row in whole) == 0
    assert all(sum(row["outcomes"].values()) == row["exams"] for row in rows)
    good = [row for row in rows if row["group"] == "usual, good"]
    assert all(row["numbers"] == row["exams"] > 0 for row in good)
    rows = csv.DictReader((tmp_path / "outcomes.csv").read_text(encoding="utf-8").splitlines())
    (known,) = [row for row in rows if row["shown"] == "everything" and row["outcome"] == NUMBER]
    assert float(known["measured_kpa"]) == pytest.approx(float(known["true_kpa"]), rel=0.02)
    text = (tmp_path / "refusals.md").read_text(encoding="utf-8")
    assert "| usual, good |" in text


def test_a_study_goes_on_where_it_stopped(cohorts: tuple[Path, Path], tmp_path: Path) -> None:
    first = run_refusals(cohorts[:1], tmp_path, limit=1)
    before = (tmp_path / "outcomes.csv").read_bytes()
    assert run_refusals(cohorts[:1], tmp_path, limit=1) == first
    assert (tmp_path / "outcomes.csv").read_bytes() == before
    (tmp_path / APPLICATION_FILE).write_text("another state\n")
    with pytest.raises(CohortError, match="choose another"):
        run_refusals(cohorts[:1], tmp_path, limit=1)


def test_the_truth_beside_a_number_is_that_of_the_exam(cohorts: tuple[Path, Path]) -> None:
    path = list_exams(cohorts[0])[0]
    found = outcomes_of(path, Toolkit(SETTINGS))
    truth = truth_of(load_exam(path)).stiffness_kpa
    assert {each.true_kpa for each in found} == {truth}
    assert {each.outcome for each in found} == {NUMBER}
    stranger = outcomes_of(list_exams(cohorts[1])[0], Toolkit(SETTINGS))
    assert all(math.isnan(each.true_kpa) for each in stranger)


def test_outcomes_are_counted_by_group_and_way() -> None:
    outcomes = [
        Outcome("a", "1", "head", "masked", "unlike_liver_elastogram", float("nan"), float("nan")),
        Outcome("a", "2", "head", "masked", NUMBER, 3.0, float("nan")),
        Outcome("b", "3", "b, good", "masked", NUMBER, 3.0, 3.0),
        Outcome("b", "4", "b, good", "masked", NUMBER, 3.3, 3.0),
        Outcome("b", "6", "b, good", "masked", NUMBER, 4.2, 4.0),
        Outcome("b", "5", "b, good", "masked", NUMBER, 3.3, float("nan")),
    ]
    assert summary_of(outcomes)[1] == {
        "group": "head",
        "shown": "masked",
        "exams": 2,
        "numbers": 1,
        "outcomes": {"unlike_liver_elastogram": 1, NUMBER: 1},
    }
    assert refusals_table(outcomes).rows == (("head", "1 of 2"), ("b, good", "4 of 4"))
    (row,) = agreement_of(outcomes)
    assert (row["exams"], row["bias_percent"]) == (3, pytest.approx(5.0))


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(CohortError, match="no simulated exam"):
        run_refusals([tmp_path / "empty"], tmp_path / "out")
