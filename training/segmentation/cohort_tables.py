"""Tables of cohorts: description, robustness under other scan conditions, subgroups."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

from liver_mre.measurement.staging import SIGNIFICANT_CUTOFF_KPA
from training.cohort.exams import STAGES
from training.reporting import clinical
from training.reporting.statistics import Estimate, mean, t_test
from training.reporting.table import DASH, Table, interval, percent, significance
from training.segmentation.tables import OVERLAP_NOTE, by, evaluable, kpa_pairs, overlap_cells

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from training.cohort.exams import Exam
    from training.segmentation.scores import ExamScore

_MIN_GROUP = 3
# Numeric facts of simulated exams that are split into two subgroups: name, limit (ours), unit.
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


def cohort_table(cohorts: Mapping[str, Sequence[ExamScore]], exams: Mapping[str, Sequence[Exam]]) -> Table:
    """Size, stiffness, stages and t-tests of the cohorts; Su 2025 in the last column."""
    pairs = {name: kpa_pairs(scores) for name, scores in cohorts.items()}

    def row(words: str, cell: Callable[[str], str], published: str = DASH) -> tuple[str, ...]:
        return (words, *(cell(name) for name in cohorts), published)

    def spread(values: NDArray[np.float64]) -> str:
        return f"{values.mean():.2f} ({values.std(ddof=1):.2f})" if len(values) > 1 else DASH

    def f2(values: NDArray[np.float64]) -> str:
        return percent(float((values >= SIGNIFICANT_CUTOFF_KPA).mean())) if len(values) else DASH

    rows = [
        row("exams", lambda name: str(len(exams[name])), f"{clinical.TEST_PATIENTS} patients"),
        row("slices", lambda name: str(sum(len(exam.liver) for exam in exams[name]))),
        row("kPa, true region, mean (SD)", lambda name: spread(pairs[name][1]), clinical.MANUAL_KPA),
        row("kPa, automatic, mean (SD)", lambda name: spread(pairs[name][0]), clinical.AUTOMATIC_KPA),
        row("paired t-test of the two, p", lambda name: significance(t_test(*pairs[name], paired=True))),
        row("≥2.8 kPa, true region", lambda name: f2(pairs[name][1]), percent(clinical.MANUAL_F2)),
        row("≥2.8 kPa, automatic", lambda name: f2(pairs[name][0]), percent(clinical.AUTOMATIC_F2)),
    ]
    counts = {name: Counter(exam.stage for exam in found) for name, found in exams.items()}
    rows += [(f"stage {label}", *(str(counts[name][label]) for name in cohorts), DASH) for label in STAGES]
    first = next(iter(pairs))
    for name in list(pairs)[1:]:
        p = significance(t_test(pairs[first][1], pairs[name][1]))
        rows.append((f"Welch's t-test, kPa of {first} and {name}, p", p, *[DASH] * (len(pairs) - 1), DASH))
    columns = ("", *cohorts, f"{clinical.COLUMN}, test")
    return Table("cohort", "Cohort", columns, tuple(rows))


def robustness_table(reference: Sequence[ExamScore], others: Mapping[str, Sequence[ExamScore]]) -> Table:
    """Dice under other scan conditions; exams of the same seed are compared in pairs."""
    base = {score.name: score for score in evaluable(reference)}
    first = interval(mean(score.measurable_dice for score in base.values()))
    rows = [("as evaluated", f"{len(base)} of {len(reference)}", first, DASH, DASH)]
    for name, found in others.items():
        scores = evaluable(found)
        pairs = [score.measurable_dice - base[score.name].measurable_dice for score in scores if score.name in base]
        change = mean(pairs) if pairs else Estimate(_dice(scores) - _dice(list(base.values())))
        how = f"{len(pairs)} pairs" if pairs else "other exams"
        dice = interval(mean(score.measurable_dice for score in scores))
        rows.append((name, f"{len(scores)} of {len(found)}", dice, interval(change), how))
    columns = ("condition", "evaluable exams", "Dice", "change", "compared with")
    return Table("robustness", "Robustness", columns, tuple(rows), OVERLAP_NOTE)


def subgroups_table(scores: Sequence[ExamScore], exams: Sequence[Exam]) -> Table:
    """Dice by subgroup (facts, matrix, origin); groups of at least three exams."""
    facts = {exam.name: _facts(exam) for exam in exams}
    names = sorted({name for found in facts.values() for name in found})
    rows = []
    for name in names:
        groups = by(scores, partial(_fact, facts, name))
        if len(groups) > 1:
            rows += [
                (name, value or DASH, *overlap_cells(members)[:2], interval(mean(s.liver_dice for s in members)))
                for value, members in groups.items()
                if len(members) >= _MIN_GROUP
            ]
    columns = ("fact", "value", "evaluable exams", "Dice", "Dice, whole liver")
    return Table("subgroups", "Subgroups of this cohort", columns, tuple(rows), OVERLAP_NOTE)


def _fact(facts: Mapping[str, Mapping[str, str]], name: str, score: ExamScore) -> str:
    return facts[score.name].get(name, "")


def _facts(exam: Exam) -> dict[str, str]:
    found = {name: str(value) for name, value in exam.facts.items() if isinstance(value, str | bool)}
    rows, columns = exam.liver.shape[1:]
    found |= {"matrix": f"{rows} x {columns}", "origin": exam.origin}
    for name, limit, unit in _CUTS:
        value = exam.facts.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            found[name] = f"{'under' if value < limit else 'from'} {limit:g} {unit}".strip()
    return found


def _dice(scores: Sequence[ExamScore]) -> float:
    return mean(score.measurable_dice for score in scores).value
