"""The tables of the evaluation, as data: what the report shows and the CSV files hold."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from liver_mre.core.staging import SIGNIFICANT_CUTOFF_KPA, stage
from liver_mre.staging_profiles import DEFAULT_PROFILE, load_profile
from training.reporting import clinical
from training.reporting.statistics import Estimate, bland_altman, detection, icc, mean, pearson, ratio, t_test
from training.reporting.table import DASH, Table, interval, number, percent, significance
from training.segmentation.scores import LEAST_AREA_CM2

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from training.cohort.exams import Exam
    from training.segmentation.scores import ExamScore

SIGNIFICANT_STAGES = ("F2", "F3", "F4")
_LEAST_GROUP = 3
# Simulated facts that are shown in two groups: name, limit (ours), unit.
_CUTS = (
    ("field_t", 2.0, "T"),
    ("liver_t2_star_ms", 15.0, "ms"),
    ("fat_fraction", 0.05, ""),
    ("ascites_mm", 1.0, "mm"),
    ("resection", 0.1, ""),
    ("lesions", 1.0, ""),
    ("breathing_mm", 2.0, "mm"),
    ("wave_to_noise", 10.0, ""),
)


def kpa_pairs(scores: Iterable[ExamScore]) -> tuple[np.ndarray, np.ndarray]:
    """Return automatic and true stiffness of the exams that have both."""
    both = [(score.predicted_kpa, score.true_kpa) for score in scores if score.measured]
    pairs = np.array(both, dtype=float).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


def evaluable(scores: Iterable[ExamScore]) -> list[ExamScore]:
    """Return the scores of exams of which enough of the true liver can be measured."""
    return [score for score in scores if score.evaluable]


def _overlap_cells(scores: Sequence[ExamScore]) -> tuple[str, ...]:
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
_OVERLAP_NOTE = (
    "Dice, IoU and F1 are of the measured region: predicted against true liver, both within the 95 % confident pixels; "
    f"of exams in which at least {LEAST_AREA_CM2:g} cm² of the true liver can be measured. The whole liver is of all "
    "exams. "
    "Dice and IoU are means over exams; F1 pools the pixels of all exams. Intervals: 95 %, bootstrap over exams."
)


def situations_table(groups: Mapping[str, Sequence[ExamScore]], words: Mapping[str, str]) -> Table:
    """Segmentation and stiffness, a row for what the network was shown."""
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
                *_overlap_cells(scores),
                interval(pearson(automatic, true), 4),
                f"{number(agreement.bias.value, 2)} ({number(agreement.low, 1)} to {number(agreement.high, 1)})",
                f"{100 * same:.1f}" if math.isfinite(same) else DASH,
            )
        )
    columns = ("what the network is shown", *_OVERLAP, "Pearson r", "bias, 95 % limits, %", "≥F2 agreement, %")
    return Table("situations", "What a study has", columns, tuple(rows), _OVERLAP_NOTE)


def stages_table(scores: Sequence[ExamScore]) -> Table:
    """Segmentation overall and by stage, beside the paper's."""
    groups = {"all": list(scores)} | by(scores, lambda score: score.stage or "unknown")
    published = {"all": (clinical.DICE, clinical.IOU)} | clinical.STAGE_DICE_IOU
    rows = []
    for name, members in groups.items():
        beside = published.get(name)
        paper = f"Dice {beside[0]:.3f}, IoU {beside[1]:.3f}" if beside else DASH
        rows.append((name, *_overlap_cells(members), paper))
    every = interval(mean(score.measurable_dice for score in scores))
    rows.append(("all, also those with less to measure", str(len(scores)), every, *[DASH] * 4, DASH))
    columns = ("stage", *_OVERLAP, f"{clinical.COLUMN} (masked elastogram)")
    return Table("stages", "Segmentation by stage", columns, tuple(rows), _OVERLAP_NOTE)


@dataclass(frozen=True, slots=True)
class Shown:
    """What a network made of exams of which it was shown what a situation says, and how many slices it learnt from."""

    network: str
    slices_shown: int
    situation: str
    scores: Sequence[ExamScore]


def networks_table(compared: Sequence[Shown]) -> Table:
    """Compare the network and its comparators on the same exams, and say what each is shown of them."""
    rows = [
        (item.network, str(item.slices_shown), item.situation, *_overlap_cells(item.scores), DASH) for item in compared
    ]
    rows += [
        ("Su 2025: U-Net, ResNeXt50-32x4d", *[DASH] * (len(_OVERLAP) + 2), f"Dice {clinical.DICE}"),
        ("Su 2025: plain U-Net", *[DASH] * (len(_OVERLAP) + 2), f"Dice {clinical.PLAIN_UNET_DICE}"),
    ]
    columns = ("network", "slices shown in training", "is shown", *_OVERLAP, clinical.COLUMN)
    return Table("networks", "Networks side by side", columns, tuple(rows), _OVERLAP_NOTE)


def stiffness_table(scores: Sequence[ExamScore]) -> Table:
    """Agreement of the automatic stiffness with that of the true region, beside the paper's."""
    automatic, true = kpa_pairs(scores)
    relative, kpa = bland_altman(automatic, true, percent=True), bland_altman(automatic, true, percent=False)
    missed = len(evaluable(scores)) - len(true)
    unfit = [score for score in scores if not score.evaluable]
    measured_anyway = sum(math.isfinite(score.predicted_kpa) for score in unfit)
    within = np.mean(np.abs(automatic - true) <= 0.1 * true) if true.size else math.nan
    rows = (
        ("evaluable exams with an automatic stiffness", str(len(true)), DASH),
        ("evaluable exams without", str(missed), DASH),
        (
            f"exams with under {LEAST_AREA_CM2:g} cm² to measure, with a stiffness all the same",
            f"{measured_anyway} of {len(unfit)}",
            DASH,
        ),
        ("Pearson r", interval(pearson(automatic, true), 4), f"{clinical.PEARSON_TEST} (test)"),
        ("ICC(2,1), absolute agreement", interval(icc(np.column_stack([automatic, true])), 4), DASH),
        ("bias, %", interval(relative.bias, 2), DASH),
        ("95 % limits of agreement, %", f"{number(relative.low, 2)} to {number(relative.high, 2)}", DASH),
        ("bias, kPa", interval(kpa.bias), DASH),
        ("95 % limits of agreement, kPa", f"{number(kpa.low)} to {number(kpa.high)}", DASH),
        ("exams within 10 % of the truth", percent(float(within)), DASH),
        ("paired t-test, p", significance(t_test(automatic, true, paired=True)), DASH),
    )
    note = "The true stiffness is the mean of the same image over the true liver within the confident pixels."
    return Table("stiffness", "Stiffness", ("quantity", "this cohort", clinical.COLUMN), rows, note)


def significance_table(scores: Sequence[ExamScore]) -> Table:
    """Significant fibrosis: against the true region's stiffness, and against the stage."""
    automatic, true = kpa_pairs(scores)
    found = [
        ("automatic stiffness against that of the true region ≥2.8 kPa", automatic, true >= SIGNIFICANT_CUTOFF_KPA)
    ]
    staged = [score for score in scores if score.stage and score.measured]
    condition = np.array([score.stage in SIGNIFICANT_STAGES for score in staged], dtype=bool)
    for words, values in (
        ("automatic stiffness against stage ≥F2", [score.predicted_kpa for score in staged]),
        ("stiffness of the true region against stage ≥F2", [score.true_kpa for score in staged]),
    ):
        found.append((words, np.array(values, dtype=float), condition))
    rows = []
    for words, values, truth in found:
        result = detection(values, truth, SIGNIFICANT_CUTOFF_KPA)
        cells = (interval(result.sensitivity), interval(result.specificity), interval(result.auroc, 4))
        rows.append((words, f"{result.cases} / {result.others}", *cells))
    columns = ("comparison", "≥F2 / <F2", "sensitivity", "specificity", "AUROC")
    note = "Cut-off 2.8 kPa. Sensitivity and specificity with Wilson intervals, AUROC with a bootstrap over exams."
    return Table("significant_fibrosis", "Significant fibrosis (≥F2)", columns, tuple(rows), note)


def confusion(scores: Sequence[ExamScore]) -> tuple[tuple[str, ...], np.ndarray, str]:
    """Return categories, counts (true region, automatic), and the name of the staging profile."""
    from sklearn.metrics import confusion_matrix

    profile = load_profile(DEFAULT_PROFILE)
    names = tuple(item.category for item in profile.intervals)
    automatic, true = kpa_pairs(scores)
    first, second = ([stage(round(float(kpa), 5), profile).category for kpa in values] for values in (true, automatic))
    counts = confusion_matrix(first, second, labels=names) if first else np.zeros((len(names), len(names)), int)
    return names, counts, profile.title


def confusion_table(scores: Sequence[ExamScore]) -> Table:
    """Category by the true region's stiffness against category by the automatic one."""
    names, counts, title = confusion(scores)
    rows = tuple((name, *map(str, line)) for name, line in zip(names, counts, strict=True))
    note = f"Rows: category by the stiffness of the true region; columns: by the automatic stiffness. Profile: {title}."
    return Table("stage_confusion", "Categories of stiffness", ("true region", *names), rows, note)


def cohort_table(cohorts: Mapping[str, Sequence[ExamScore]], exams: Mapping[str, Sequence[Exam]]) -> Table:
    """Describe the cohorts: size, stiffness, stages, and t-tests; the paper's in the last column."""
    pairs = {name: kpa_pairs(scores) for name, scores in cohorts.items()}
    paper = clinical.COHORTS["test"]

    def row(words: str, cell: Callable[[str], str], published: str = DASH) -> tuple[str, ...]:
        return (words, *(cell(name) for name in cohorts), published)

    def spread(values: np.ndarray) -> str:
        return f"{values.mean():.2f} ({values.std(ddof=1):.2f})" if len(values) > 1 else DASH

    def f2(values: np.ndarray) -> str:
        return percent(float((values >= SIGNIFICANT_CUTOFF_KPA).mean())) if len(values) else DASH

    rows = [
        row("exams", lambda name: str(len(exams[name])), f"{paper['patients']} patients"),
        row("slices", lambda name: str(sum(len(exam.liver) for exam in exams[name]))),
        row(
            "kPa, true region, mean (SD)",
            lambda name: spread(pairs[name][1]),
            "{:.2f} ({:.2f})".format(*paper["manual_kpa"]),
        ),
        row(
            "kPa, automatic, mean (SD)",
            lambda name: spread(pairs[name][0]),
            "{:.2f} ({:.2f})".format(*paper["automatic_kpa"]),
        ),
        row("paired t-test of the two, p", lambda name: significance(t_test(*pairs[name], paired=True))),
        row("≥2.8 kPa, true region", lambda name: f2(pairs[name][1]), percent(paper["manual_f2"])),
        row("≥2.8 kPa, automatic", lambda name: f2(pairs[name][0]), percent(paper["automatic_f2"])),
    ]
    rows += [
        row(f"stage {label}", lambda name, label=label: str(sum(exam.stage == label for exam in exams[name])))
        for label in ("F0", "F1", "F2", "F3", "F4")
    ]
    first = next(iter(pairs))
    for name in list(pairs)[1:]:
        p = significance(t_test(pairs[first][1], pairs[name][1]))
        rows.append((f"Welch's t-test, kPa of {first} and {name}, p", p, *[DASH] * (len(pairs) - 1), DASH))
    columns = ("", *cohorts, f"{clinical.COLUMN}, test")
    return Table("cohort", "Cohort", columns, tuple(rows))


def robustness_table(reference: Sequence[ExamScore], others: Mapping[str, Sequence[ExamScore]]) -> Table:
    """Show what changes under other conditions; the same seeds simulated otherwise are compared in pairs."""
    base = {score.name: score for score in evaluable(reference)}
    first = interval(mean(score.measurable_dice for score in base.values()))
    rows = [("as evaluated", f"{len(base)} of {len(reference)}", first, DASH, DASH)]
    for name, found in others.items():
        scores = evaluable(found)
        pairs = [score.measurable_dice - base[score.name].measurable_dice for score in scores if score.name in base]
        change = mean(pairs) if pairs else Estimate(_mean_dice(scores) - _mean_dice(list(base.values())))
        how = f"{len(pairs)} pairs" if pairs else "other exams"
        dice = interval(mean(score.measurable_dice for score in scores))
        rows.append((name, f"{len(scores)} of {len(found)}", dice, interval(change), how))
    columns = ("condition", "evaluable exams", "Dice", "change", "compared with")
    return Table("robustness", "Robustness", columns, tuple(rows), _OVERLAP_NOTE)


def subgroups_table(scores: Sequence[ExamScore], exams: Sequence[Exam]) -> Table:
    """Dice by what the exams were: text and yes-or-no facts, matrix, pixel size; groups of at least three exams."""
    facts = {exam.name: _facts(exam) for exam in exams}
    names = sorted({name for found in facts.values() for name in found})
    rows = []
    for name in names:
        groups = by(scores, lambda score, name=name: facts[score.name].get(name, ""))
        if len(groups) > 1:
            rows += [
                (name, value or DASH, *_overlap_cells(members)[:2], interval(mean(s.liver_dice for s in members)))
                for value, members in groups.items()
                if len(members) >= _LEAST_GROUP
            ]
    columns = ("fact", "value", "evaluable exams", "Dice", "Dice, whole liver")
    return Table("subgroups", "Subgroups of this cohort", columns, tuple(rows), _OVERLAP_NOTE)


def _facts(exam: Exam) -> dict[str, str]:
    found = {name: str(value) for name, value in exam.facts.items() if isinstance(value, str | bool)}
    rows, columns = exam.liver.shape[1:]
    found |= {"matrix": f"{rows} x {columns}", "origin": exam.origin}
    for name, limit, unit in _CUTS:
        value = exam.facts.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            found[name] = f"{'under' if value < limit else 'from'} {limit:g} {unit}".strip()
    return found


def _mean_dice(scores: Sequence[ExamScore]) -> float:
    return mean(score.measurable_dice for score in scores).value


def by(scores: Iterable[ExamScore], key: Callable[[ExamScore], str]) -> dict[str, list[ExamScore]]:
    """Group scores by a key, in the order of the keys."""
    groups: dict[str, list[ExamScore]] = defaultdict(list)
    for score in scores:
        groups[key(score)].append(score)
    return dict(sorted(groups.items()))
