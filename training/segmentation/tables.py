"""Tables of the evaluation report."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from liver_mre.measurement.profile_file import DEFAULT_PROFILE, load_profile
from liver_mre.measurement.staging import SIGNIFICANT_CUTOFF_KPA, stage
from training.cohort.exams import STAGES
from training.reporting import clinical
from training.reporting.statistics import bland_altman, detection, icc, mean, pearson, ratio, t_test
from training.reporting.table import DASH, Table, interval, number, percent, significance, span
from training.segmentation.scores import MIN_AREA_CM2

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from training.segmentation.scores import ExamScore

SIGNIFICANT_STAGES = STAGES[2:]


def kpa_pairs(scores: Iterable[ExamScore]) -> tuple[np.ndarray, np.ndarray]:
    """Return automatic and true stiffness (kPa) of the measured exams."""
    both = [(score.predicted_kpa, score.true_kpa) for score in scores if score.measured]
    pairs = np.array(both, dtype=float).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


def evaluable(scores: Iterable[ExamScore]) -> list[ExamScore]:
    """Return the scores of the evaluable exams."""
    return [score for score in scores if score.evaluable]


def overlap_cells(scores: Sequence[ExamScore]) -> tuple[str, ...]:
    """Return the cells of the columns `_OVERLAP`."""
    members = evaluable(scores)
    return (
        f"{len(members)} of {len(scores)}",
        interval(mean(score.measurable_dice for score in members)),
        interval(mean(score.measurable_iou for score in members)),
        interval(ratio([2 * s.common for s in members], [s.predicted + s.true for s in members])),
        interval(mean(score.liver_dice for score in scores)),
        interval(mean(score.liver_iou for score in scores)),
    )


_OVERLAP = ("evaluable exams", "Dice", "IoU", "F1 of all pixels", "Dice, whole liver", "IoU, whole liver")
OVERLAP_NOTE = (
    "Dice, IoU and F1 compare predicted and true liver within the 95 % confident pixels, in exams with at least "
    f"{MIN_AREA_CM2:g} cm² of such true liver (evaluable); whole liver: all exams. Dice and IoU are means over exams; "
    "F1 pools the pixels of all exams. 95 % intervals: bootstrap over exams."
)


def situations_table(groups: Mapping[str, Sequence[ExamScore]], words: Mapping[str, str]) -> Table:
    """Segmentation and stiffness by input situation."""
    rows = []
    for name, scores in groups.items():
        automatic, true = kpa_pairs(scores)
        agreement = bland_altman(automatic, true, percent=True)
        same = (
            np.mean((automatic >= SIGNIFICANT_CUTOFF_KPA) == (true >= SIGNIFICANT_CUTOFF_KPA))
            if true.size
            else math.nan
        )
        rows.append(
            (
                f"{name}: {words[name]}",
                *overlap_cells(scores),
                interval(pearson(automatic, true), 4),
                f"{number(agreement.bias.value, 2)} ({span(agreement.low, agreement.high, 1)})",
                f"{100 * same:.1f}" if math.isfinite(same) else DASH,
            )
        )
    columns = ("input situation", *_OVERLAP, "Pearson r", "bias, 95 % limits, %", "≥F2 agreement, %")
    return Table("situations", "Input situations", columns, tuple(rows), OVERLAP_NOTE)


def stages_table(scores: Sequence[ExamScore]) -> Table:
    """Segmentation overall and by stage, beside that of Su 2025."""
    groups = {"all": list(scores)} | by(scores, lambda score: score.stage or "unknown")
    published = {"all": (clinical.DICE, clinical.IOU)} | clinical.STAGE_DICE_IOU
    rows = []
    for name, members in groups.items():
        beside = published.get(name)
        paper = f"Dice {beside[0]:.3f}, IoU {beside[1]:.3f}" if beside else DASH
        rows.append((name, *overlap_cells(members), paper))
    every = interval(mean(score.measurable_dice for score in scores))
    rows.append(("all, evaluable or not", str(len(scores)), every, *[DASH] * 4, DASH))
    columns = ("stage", *_OVERLAP, f"{clinical.COLUMN} (masked elastogram)")
    return Table("stages", "Segmentation by stage", columns, tuple(rows), OVERLAP_NOTE)


@dataclass(frozen=True, slots=True)
class NetworkScores:
    """Scores of a network in one input situation, and its number of training slices, repetitions included."""

    network: str
    slices_shown: int
    situation: str
    scores: Sequence[ExamScore]


def networks_table(compared: Sequence[NetworkScores]) -> Table:
    """Compare the network and its comparators on the same exams."""
    rows = [
        (item.network, str(item.slices_shown), item.situation, *overlap_cells(item.scores), DASH) for item in compared
    ]
    rows += [
        ("Su 2025: U-Net, ResNeXt50-32x4d", *[DASH] * (len(_OVERLAP) + 2), f"Dice {clinical.DICE}"),
        ("Su 2025: plain U-Net", *[DASH] * (len(_OVERLAP) + 2), f"Dice {clinical.PLAIN_UNET_DICE}"),
    ]
    columns = ("network", "training slices", "input situation", *_OVERLAP, clinical.COLUMN)
    return Table("networks", "Networks side by side", columns, tuple(rows), OVERLAP_NOTE)


def stiffness_table(scores: Sequence[ExamScore]) -> Table:
    """Agreement of automatic and true stiffness, beside that of Su 2025."""
    automatic, true = kpa_pairs(scores)
    relative, kpa = bland_altman(automatic, true, percent=True), bland_altman(automatic, true, percent=False)
    missed = len(evaluable(scores)) - len(true)
    too_small = [score for score in scores if not score.evaluable]
    measured_anyway = sum(math.isfinite(score.predicted_kpa) for score in too_small)
    within = np.mean(np.abs(automatic - true) <= 0.1 * true) if true.size else math.nan
    rows = (
        ("evaluable exams with an automatic stiffness", str(len(true)), DASH),
        ("evaluable exams without", str(missed), DASH),
        (
            f"exams with less than {MIN_AREA_CM2:g} cm² of true liver, with an automatic stiffness",
            f"{measured_anyway} of {len(too_small)}",
            DASH,
        ),
        ("Pearson r", interval(pearson(automatic, true), 4), f"{clinical.PEARSON_TEST} (test)"),
        ("ICC(2,1), absolute agreement", interval(icc(np.column_stack([automatic, true])), 4), DASH),
        ("bias, %", interval(relative.bias, 2), DASH),
        ("95 % limits of agreement, %", span(relative.low, relative.high, 2), DASH),
        ("bias, kPa", interval(kpa.bias), DASH),
        ("95 % limits of agreement, kPa", span(kpa.low, kpa.high), DASH),
        ("exams within 10 % of the truth", percent(float(within)), DASH),
        ("paired t-test, p", significance(t_test(automatic, true, paired=True)), DASH),
    )
    note = "True stiffness: mean of the same elastogram over the confident pixels of the true liver (true region)."
    return Table("stiffness", "Stiffness", ("quantity", "this cohort", clinical.COLUMN), rows, note)


def significance_table(scores: Sequence[ExamScore]) -> Table:
    """Significant fibrosis, with the true region's stiffness and with the stage as reference."""
    automatic, true = kpa_pairs(scores)
    staged = [score for score in scores if score.stage and score.measured]
    severe = [score.stage in SIGNIFICANT_STAGES for score in staged]
    rows = []
    for words, values, truth in (
        ("automatic stiffness against that of the true region ≥2.8 kPa", automatic, true >= SIGNIFICANT_CUTOFF_KPA),
        ("automatic stiffness against stage ≥F2", [score.predicted_kpa for score in staged], severe),
        ("stiffness of the true region against stage ≥F2", [score.true_kpa for score in staged], severe),
    ):
        result = detection(values, truth, SIGNIFICANT_CUTOFF_KPA)
        cells = (interval(result.sensitivity), interval(result.specificity), interval(result.auroc, 4))
        rows.append((words, f"{result.cases} / {result.others}", *cells))
    columns = ("comparison", "≥F2 / <F2", "sensitivity", "specificity", "AUROC")
    note = "Cut-off 2.8 kPa. Sensitivity and specificity with Wilson intervals, AUROC with a bootstrap over exams."
    return Table("significant_fibrosis", "Significant fibrosis (≥F2)", columns, tuple(rows), note)


def confusion(scores: Sequence[ExamScore]) -> tuple[tuple[str, ...], np.ndarray, str]:
    """Return categories, counts (rows: true region, columns: automatic), and the title of the staging profile."""
    from sklearn.metrics import confusion_matrix

    profile = load_profile(DEFAULT_PROFILE)
    names = tuple(item.category for item in profile.intervals)
    automatic, true = kpa_pairs(scores)
    first, second = ([stage(round(float(kpa), 5), profile).category for kpa in values] for values in (true, automatic))
    counts = confusion_matrix(first, second, labels=names) if first else np.zeros((len(names), len(names)), int)
    return names, counts, profile.title


def confusion_table(scores: Sequence[ExamScore]) -> Table:
    """Confusion matrix of stiffness categories."""
    names, counts, title = confusion(scores)
    rows = tuple((name, *map(str, line)) for name, line in zip(names, counts, strict=True))
    note = f"Rows: category by the stiffness of the true region; columns: by the automatic stiffness. Profile: {title}."
    return Table("stage_confusion", "Categories of stiffness", ("true region", *names), rows, note)


def by(scores: Iterable[ExamScore], key: Callable[[ExamScore], str]) -> dict[str, list[ExamScore]]:
    """Group scores by a key, sorted by key."""
    groups: dict[str, list[ExamScore]] = defaultdict(list)
    for score in scores:
        groups[key(score)].append(score)
    return dict(sorted(groups.items()))
