"""Evaluation: the paper's tables and figures from any cohort and any trained network, as HTML, CSV and JSON."""

from __future__ import annotations

import csv
import dataclasses
import json
import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import torch

from training.cohort.exams import read_exams
from training.cohort.leakage import refuse_seen
from training.cohort.store import CohortError
from training.reporting.page import Image, Section, render
from training.segmentation import figures, tables
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
_STAGES: Final = ("F0", "F1", "F2", "F3", "F4")


@dataclass(frozen=True, slots=True)
class EvaluateOptions:
    """What one evaluation is told.

    Attributes
    ----------
    data : cohort folders
    model : checkpoint, or folder of a published model
    out : folder for report.html, evaluation.json, exams.csv and tables/
    split : split of the cohort; None takes every exam
    limit : largest number of exams of each cohort
    situations : names of situations, by default all that the network was made for; the first is the main one
    comparators : other networks to run on the same exams, checkpoints or published models
    beside : cohorts under other conditions by their label, all their exams
    train_data : cohort folders whose train split is described in the cohort table
    bfloat16 : autocast to bfloat16
    """

    data: tuple[Path, ...]
    model: Path
    out: Path
    split: Split | None = None
    limit: int | None = None
    situations: tuple[str, ...] = ()
    comparators: tuple[Path, ...] = ()
    beside: Mapping[str, Path] = field(default_factory=dict)
    train_data: tuple[Path, ...] = ()
    bfloat16: bool = True


def evaluate(options: EvaluateOptions) -> dict[str, Any]:
    """Evaluate a network and write the report.

    Returns
    -------
    The summary, as in evaluation.json.

    Raises
    ------
    CohortError
        If there is no exam to evaluate, the training saw one of them, or a situation is unknown.
    """
    start = time.monotonic()
    predictor = load_predictor(options.model, bfloat16=options.bfloat16)
    exams = _unseen(read_exams(options.data, options.split, options.limit), predictor)
    chosen = _situations(options.situations, predictor, exams)
    scores = {item.name: score_all(predictor, exams, item) for item in chosen}
    main = chosen[0]
    compared = [item for item in chosen if item is main or item is MASKED]
    beside: _Conditions = {item.name: {} for item in compared}
    for label, folder in options.beside.items():
        harder = _unseen(read_exams((folder,), None, options.limit), predictor)
        for item in compared:
            beside[item.name][label] = score_all(predictor, harder, item)
    own = [tables.Shown(predictor.name, predictor.slices_shown, item.name, scores[item.name]) for item in compared]
    others = _comparators(options, predictor.name, exams, compared)
    shown = _tables(exams, scores, main, beside)
    if others:
        shown.insert(2, tables.networks_table([*own, *others]))
    if options.train_data:
        train = read_exams(options.train_data, "train", options.limit)
        groups = {"this cohort": scores[main.name], "training": score_all(predictor, train, main)}
        shown[-1] = tables.cohort_table(groups, {"this cohort": exams, "training": train})
    summary = summary_of(predictor, exams, scores, main, options.split, beside, others)
    _write(options.out, scores, beside, shown, summary)
    facts = _facts(predictor, exams, main, options, time.monotonic() - start)
    sections = [Section(table.title, table, _images(table.name, scores[main.name])) for table in shown]
    sections.append(_worst(predictor, exams, main, scores[main.name]))
    page = render(f"Evaluation of {predictor.name}", facts, sections, summary["origins"])
    (options.out / REPORT_NAME).write_text(page, encoding="utf-8")
    return summary


def score_all(predictor: Predictor, exams: Sequence[Exam], situation: Situation) -> list[ExamScore]:
    """Score every exam that has what the situation shows."""
    from rich.progress import track

    suitable = [exam for exam in exams if situation.suits(exam)]
    return [
        score_exam(exam, predictor.liver(exam, situation), situation.name)
        for exam in track(suitable, description=f"{situation.name}", transient=True)
    ]


def _unseen(exams: list[Exam], predictor: Predictor) -> list[Exam]:
    refuse_seen(exams, predictor.exams, predictor.patients)
    return exams


def _situations(names: Sequence[str], predictor: Predictor, exams: Sequence[Exam]) -> list[Situation]:
    known = {situation.name: situation for situation in predictor.situations}
    unknown = [name for name in names if name not in known]
    if unknown:
        message = f"the network was not made for the situation {unknown[0]}; it knows {', '.join(known)}"
        raise CohortError(message)
    wanted = [known[name] for name in names or known]
    found = [situation for situation in wanted if any(situation.suits(exam) for exam in exams)]
    if not found:
        message = "no exam has what these situations show the network: choose others"
        raise CohortError(message)
    return found


def _comparators(
    options: EvaluateOptions, main: str, exams: Sequence[Exam], situations: Sequence[Situation]
) -> list[tables.Shown]:
    """Score the comparators in the same situations, or where none of them suits, in the first that does."""
    found: list[tables.Shown] = []
    for path in options.comparators:
        other = load_predictor(path, bfloat16=options.bfloat16)
        refuse_seen(exams, other.exams, other.patients)
        taken = {main, *(shown.network for shown in found)}
        name = other.name if other.name not in taken else f"{other.name} ({other.weights_sha256[:6]})"
        suitable = [item for item in situations if item in other.situations] or [other.situations[0]]
        found += [tables.Shown(name, other.slices_shown, item.name, score_all(other, exams, item)) for item in suitable]
    return found


def _tables(
    exams: Sequence[Exam], scores: Mapping[str, list[ExamScore]], main: Situation, beside: _Conditions
) -> list[Table]:
    first = scores[main.name]
    words = {situation.name: situation.words for situation in SITUATIONS}
    found = [
        tables.situations_table(scores, words),
        tables.stages_table(first),
        tables.stiffness_table(first),
        tables.significance_table(first),
        tables.confusion_table(first),
        tables.robustness_table(first, beside[main.name]),
        tables.subgroups_table(first, exams),
        tables.cohort_table({"this cohort": first}, {"this cohort": exams}),
    ]
    if MASKED.name in scores and main is not MASKED:
        alone = scores[MASKED.name]
        found.insert(2, _as_masked(tables.stages_table(alone)))
        found.insert(7, _as_masked(tables.robustness_table(alone, beside[MASKED.name])))
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
        f"The {len(images)} worst exams: truth white, prediction red, pixels not measured darker", None, tuple(images)
    )


def _facts(
    predictor: Predictor, exams: Sequence[Exam], main: Situation, options: EvaluateOptions, seconds: float
) -> dict[str, str]:
    return {
        "network": predictor.name,
        "weights (SHA-256 of values as float16)": predictor.weights_sha256[:16],
        "exams": f"{len(exams)} ({sum(len(exam.liver) for exam in exams)} slices), {options.split or 'every exam'}",
        "patients seen in training": "none of them",
        "input, unless said otherwise": main.words,
        "precision": "bfloat16" if predictor.bfloat16 else "float32",
        "run": f"{seconds:.0f} s on {'CUDA' if torch.cuda.is_available() else 'the CPU'}",
    }


def _write(
    out: Path,
    scores: Mapping[str, list[ExamScore]],
    beside: _Conditions,
    shown: Sequence[Table],
    summary: Mapping[str, Any],
) -> None:
    folder = out / "tables"
    folder.mkdir(parents=True, exist_ok=True)
    for table in shown:
        table.write(folder)
    with (out / SCORES_NAME).open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, ["condition", *(item.name for item in dataclasses.fields(ExamScore))])
        writer.writeheader()
        others = [pair for found in beside.values() for pair in found.items()]
        for condition, found in [*(("as evaluated", item) for item in scores.values()), *others]:
            writer.writerows({"condition": condition, **dataclasses.asdict(score)} for score in found)
    (out / SUMMARY_NAME).write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
