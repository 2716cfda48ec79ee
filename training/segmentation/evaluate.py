"""Evaluate a network on a cohort: tables and figures as HTML, CSV and JSON."""

from __future__ import annotations

import dataclasses
import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import torch

from training.cohort.exams import read_exams
from training.cohort.leakage import refuse_training_exams
from training.errors import CohortError
from training.files import write_json, write_rows
from training.reporting.page import Image, Section, render
from training.segmentation import cohort_tables, figures, tables
from training.segmentation.predict import Predictor, load_predictor
from training.segmentation.scores import ExamScore, score_exam
from training.segmentation.situations import MASKED, SITUATIONS
from training.segmentation.summary import summary_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from training.cohort.exams import Exam
    from training.cohort.store import Split
    from training.reporting.table import Table
    from training.segmentation.situations import Situation

    _Conditions = dict[str, dict[str, list[ExamScore]]]

REPORT_NAME: Final = "report.html"
SUMMARY_NAME: Final = "evaluation.json"
SCORES_NAME: Final = "exams.csv"
_WORST: Final = 6


@dataclass(frozen=True, slots=True)
class EvaluateOptions:
    """Options of one evaluation."""

    data: tuple[Path, ...]  # cohort folders
    model: Path  # checkpoint, or folder of a published model
    out: Path  # folder for report.html, evaluation.json, exams.csv and tables/
    split: Split | None = None  # split of the cohort; None takes every exam
    limit: int | None = None  # largest number of exams of each cohort
    # names of input situations, by default all that the network was trained on; the first is the main one
    situations: tuple[str, ...] = ()
    comparators: tuple[Path, ...] = ()  # checkpoints or published models to evaluate on the same exams
    conditions: Mapping[str, Path] = field(default_factory=dict)  # cohorts under other scan conditions by label
    train_data: tuple[Path, ...] = ()  # cohorts whose train split is added to the cohort table
    bfloat16: bool = True  # autocast to bfloat16


def evaluate(options: EvaluateOptions) -> dict[str, Any]:
    """Evaluate a network and write the report; return the content of evaluation.json.

    Raises `CohortError` if there is no exam to evaluate, one was used in training, or a situation is unknown.
    """
    start = time.monotonic()
    predictor = load_predictor(options.model, bfloat16=options.bfloat16)
    exams = _held_out(read_exams(options.data, options.split, options.limit), predictor)
    chosen = _situations(options.situations, predictor, exams)
    scores = {item.name: score_all(predictor, exams, item) for item in chosen}
    main = chosen[0]
    compared = [item for item in chosen if item is main or item is MASKED]
    conditions: _Conditions = {item.name: {} for item in compared}
    for label, folder in options.conditions.items():
        others = _held_out(read_exams((folder,), None, options.limit), predictor)
        for item in compared:
            conditions[item.name][label] = score_all(predictor, others, item)
    own = [
        tables.NetworkScores(predictor.name, predictor.slices_shown, item.name, scores[item.name]) for item in compared
    ]
    comparators = _comparators(options, predictor.name, exams, compared)
    report = _tables(exams, scores, main, conditions)
    if comparators:
        report.insert(2, tables.networks_table([*own, *comparators]))
    if options.train_data:
        train = read_exams(options.train_data, "train", options.limit)
        groups = {"this cohort": scores[main.name], "training": score_all(predictor, train, main)}
        report[-1] = cohort_tables.cohort_table(groups, {"this cohort": exams, "training": train})
    summary = summary_of(predictor, exams, scores, main, options.split, conditions, comparators)
    _write(options.out, scores, conditions, report, summary)
    facts = _facts(predictor, exams, main, options, time.monotonic() - start)
    sections = [Section(table.title, table, _images(table.name, scores[main.name])) for table in report]
    sections.append(_worst(predictor, exams, main, scores[main.name]))
    page = render(f"Evaluation of {predictor.name}", facts, sections, summary["origins"])
    (options.out / REPORT_NAME).write_text(page, encoding="utf-8")
    return summary


def score_all(predictor: Predictor, exams: Sequence[Exam], situation: Situation) -> list[ExamScore]:
    """Score every exam that has the series of a situation."""
    from rich.progress import track

    suitable = [exam for exam in exams if situation.suits(exam)]
    return [
        score_exam(exam, predictor.liver(exam, situation), situation.name)
        for exam in track(suitable, description=f"{situation.name}", transient=True)
    ]


def _held_out(exams: list[Exam], predictor: Predictor) -> list[Exam]:
    refuse_training_exams(exams, predictor.exams, predictor.patients)
    return exams


def _situations(names: Sequence[str], predictor: Predictor, exams: Sequence[Exam]) -> list[Situation]:
    wanted = [predictor.situation(name) for name in names] or predictor.situations
    found = [situation for situation in wanted if any(situation.suits(exam) for exam in exams)]
    if not found:
        message = "no exam has the series of these situations: choose others"
        raise CohortError(message)
    return found


def _comparators(
    options: EvaluateOptions, main: str, exams: Sequence[Exam], situations: Sequence[Situation]
) -> list[tables.NetworkScores]:
    """Score the comparators in the same situations, or in their first one if they know none of these."""
    found: list[tables.NetworkScores] = []
    for path in options.comparators:
        other = load_predictor(path, bfloat16=options.bfloat16)
        refuse_training_exams(exams, other.exams, other.patients)
        taken = {main, *(item.network for item in found)}
        name = other.name if other.name not in taken else f"{other.name} ({other.weights_sha256[:6]})"
        suitable = [item for item in situations if item in other.situations] or [other.situations[0]]
        found += [
            tables.NetworkScores(name, other.slices_shown, item.name, score_all(other, exams, item))
            for item in suitable
        ]
    return found


def _tables(
    exams: Sequence[Exam], scores: Mapping[str, list[ExamScore]], main: Situation, conditions: _Conditions
) -> list[Table]:
    first = scores[main.name]
    words = {situation.name: situation.words for situation in SITUATIONS}
    found = [
        tables.situations_table(scores, words),
        tables.stages_table(first),
        tables.stiffness_table(first),
        tables.significance_table(first),
        tables.confusion_table(first),
        cohort_tables.robustness_table(first, conditions[main.name]),
        cohort_tables.subgroups_table(first, exams),
        cohort_tables.cohort_table({"this cohort": first}, {"this cohort": exams}),
    ]
    if MASKED.name in scores and main is not MASKED:
        alone = scores[MASKED.name]
        found.insert(2, _as_masked(tables.stages_table(alone)))
        found.insert(7, _as_masked(cohort_tables.robustness_table(alone, conditions[MASKED.name])))
    return found


def _as_masked(table: Table) -> Table:
    return dataclasses.replace(table, name=f"{table.name}_masked", title=f"{table.title}: masked elastogram alone")


def _images(name: str, scores: Sequence[ExamScore]) -> tuple[Image, ...]:
    if name == "stages":
        return (Image("Dice of the measured region by stage", figures.dice_by_stage(scores)),)
    if name == "stiffness":
        return (Image("automatic against true stiffness, and their differences", figures.agreement(scores)),)
    if name == "stage_confusion":
        return (Image("confusion of categories", figures.stage_confusion(scores)),)
    if name == "significant_fibrosis" and (curve := figures.roc(scores)):
        return (Image("ROC curve for stage F2 and above", curve),)
    return ()


def _worst(predictor: Predictor, exams: Sequence[Exam], main: Situation, scores: Sequence[ExamScore]) -> Section:
    by_name = {exam.name: exam for exam in exams}
    ranked = sorted(scores, key=lambda score: (math.isnan(score.measurable_dice), score.measurable_dice))[:_WORST]
    images = []
    for score in ranked:
        exam = by_name[score.name]
        title = (
            f"{score.name}, {score.stage or 'stage unknown'}: Dice {score.measurable_dice:.3f}, whole liver "
            f"{score.liver_dice:.3f}, {score.predicted_kpa:.2f} kPa, true region {score.true_kpa:.2f} kPa"
        )
        images.append(Image(title, figures.overlay(exam, predictor.liver(exam, main), title)))
    return Section(
        f"The {len(images)} exams of lowest Dice: truth white, prediction red, not measurable pixels darker",
        None,
        tuple(images),
    )


def _facts(
    predictor: Predictor, exams: Sequence[Exam], main: Situation, options: EvaluateOptions, seconds: float
) -> dict[str, str]:
    return {
        "network": predictor.name,
        "weights (SHA-256 of values as float16)": predictor.weights_sha256[:16],
        "exams": f"{len(exams)} ({sum(len(exam.liver) for exam in exams)} slices), {options.split or 'every exam'}",
        "patients used in training": "none",
        "input, unless stated otherwise": main.words,
        "precision": "bfloat16" if predictor.bfloat16 else "float32",
        "run": f"{seconds:.0f} s on {'CUDA' if torch.cuda.is_available() else 'the CPU'}",
    }


def _write(
    out: Path,
    scores: Mapping[str, list[ExamScore]],
    conditions: _Conditions,
    report: Sequence[Table],
    summary: Mapping[str, Any],
) -> None:
    for table in report:
        table.write(out / "tables")
    groups = [("as evaluated", found) for found in scores.values()]
    groups += [pair for by_label in conditions.values() for pair in by_label.items()]
    columns = ["condition", *(item.name for item in dataclasses.fields(ExamScore))]
    rows = [{"condition": name, **dataclasses.asdict(score)} for name, found in groups for score in found]
    write_rows(out / SCORES_NAME, columns, rows)
    write_json(out / SUMMARY_NAME, summary)
