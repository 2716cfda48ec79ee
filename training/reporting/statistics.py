"""Statistics of the evaluations, from scipy and scikit-learn.

The intraclass correlation is our own, because the maintained Python implementation is under the GPL; a test compares it
with the example of Shrout and Fleiss.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import stats
from sklearn.metrics import roc_auc_score

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import ArrayLike, NDArray

RESAMPLES: Final = 2000
LEVEL: Final = 0.95
_Z: Final = 1.96
_MIN_EXAMS: Final = 3  # fewer have no meaningful spread


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value and its 95 % confidence interval; NaN where there are too few exams."""

    value: float
    low: float = math.nan
    high: float = math.nan


UNKNOWN: Final = Estimate(math.nan)


def mean(values: Iterable[float]) -> Estimate:
    """Return the mean of the finite values with a percentile bootstrap interval over exams (fixed seed)."""
    finite = np.array([value for value in values if math.isfinite(value)])
    if not finite.size:
        return UNKNOWN
    if finite.size < _MIN_EXAMS or np.ptp(finite) == 0:
        return Estimate(float(finite.mean()))
    result = stats.bootstrap(
        (finite,), np.mean, n_resamples=RESAMPLES, confidence_level=LEVEL, method="percentile", rng=0
    )
    low, high = result.confidence_interval
    return Estimate(float(finite.mean()), float(low), float(high))


def ratio(hits: ArrayLike, total: ArrayLike) -> Estimate:
    """Return sum(hits) / sum(total) over exams with a bootstrap interval over exams."""
    first, second = np.asarray(hits, dtype=float), np.asarray(total, dtype=float)
    if second.sum() == 0:
        return UNKNOWN
    value = float(first.sum() / second.sum())
    if first.size < _MIN_EXAMS:
        return Estimate(value)

    def quotient(one: NDArray[np.float64], other: NDArray[np.float64], axis: int = -1) -> NDArray[np.float64]:
        found: NDArray[np.float64] = one.sum(axis=axis) / np.maximum(other.sum(axis=axis), 1e-12)
        return found

    result = stats.bootstrap(
        (first, second), quotient, paired=True, n_resamples=RESAMPLES, method="percentile", vectorized=True, rng=0
    )
    low, high = result.confidence_interval
    return Estimate(value, float(low), float(high))


def proportion(count: int, total: int) -> Estimate:
    """Return count / total with its Wilson interval."""
    if not total:
        return UNKNOWN
    interval = stats.binomtest(count, total).proportion_ci(LEVEL, method="wilson")
    return Estimate(count / total, float(interval.low), float(interval.high))


def pearson(first: ArrayLike, second: ArrayLike) -> Estimate:
    """Return Pearson's correlation coefficient with its Fisher interval."""
    one, other = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    if one.size < _MIN_EXAMS or np.ptp(one) == 0 or np.ptp(other) == 0:
        return UNKNOWN
    result = stats.pearsonr(one, other)
    if one.size == _MIN_EXAMS:
        return Estimate(float(result.statistic))
    interval = result.confidence_interval(LEVEL)
    return Estimate(float(result.statistic), float(interval.low), float(interval.high))


def icc(ratings: ArrayLike) -> Estimate:
    """Return ICC(2,1): two-way random effects, absolute agreement, single rater.

    Shrout and Fleiss, Psychol Bull 1979;86:420; interval after McGraw and Wong, Psychol Methods 1996;1:30. `ratings` is
    (n, k), n exams rated by k raters.
    """
    table = np.asarray(ratings, dtype=float)
    n, k = table.shape
    if n < _MIN_EXAMS or np.ptp(table) == 0:
        return UNKNOWN
    grand = table.mean()
    rows = k * ((table.mean(axis=1) - grand) ** 2).sum() / (n - 1)
    columns = n * ((table.mean(axis=0) - grand) ** 2).sum() / (k - 1)
    residual = table - table.mean(axis=1, keepdims=True) - table.mean(axis=0, keepdims=True) + grand
    error = (residual**2).sum() / ((n - 1) * (k - 1))
    value = (rows - error) / (rows + (k - 1) * error + k * (columns - error) / n)
    if error <= 1e-12 * rows:  # raters that differ by a constant only
        return Estimate(float(value))
    a = k * value / (n * (1 - value))
    b = 1 + k * value * (n - 1) / (n * (1 - value))
    freedom = (a * columns + b * error) ** 2 / ((a * columns) ** 2 / (k - 1) + (b * error) ** 2 / ((n - 1) * (k - 1)))
    upper_tail = (1 + LEVEL) / 2
    below, above = stats.f.ppf(upper_tail, n - 1, freedom), stats.f.ppf(upper_tail, freedom, n - 1)
    rest = k * columns + (k * n - k - n) * error
    low = n * (rows - below * error) / (below * rest + n * rows)
    high = n * (above * rows - error) / (rest + n * above * rows)
    return Estimate(float(value), float(low), float(high))


@dataclass(frozen=True, slots=True)
class Agreement:
    """Bland-Altman: bias with its t interval, and 95 % limits of agreement (bias ± 1.96 SD)."""

    bias: Estimate
    low: float
    high: float


def bland_altman(measured: ArrayLike, true: ArrayLike, *, percent: bool) -> Agreement:
    """Return bias and limits of agreement of measured - true, in kPa or in percent of the true value."""
    one, other = np.asarray(measured, dtype=float), np.asarray(true, dtype=float)
    if one.size < _MIN_EXAMS:
        return Agreement(UNKNOWN, math.nan, math.nan)
    difference = 100.0 * (one - other) / other if percent else one - other
    bias, spread = float(difference.mean()), float(difference.std(ddof=1))
    if spread == 0:
        return Agreement(Estimate(bias, bias, bias), bias, bias)
    low, high = stats.t.interval(LEVEL, one.size - 1, bias, spread / math.sqrt(one.size))
    return Agreement(Estimate(bias, float(low), float(high)), bias - _Z * spread, bias + _Z * spread)


@dataclass(frozen=True, slots=True)
class Detection:
    """Diagnostic accuracy of a measure at a cut-off; `cases` have the condition, `others` do not."""

    cases: int
    others: int
    sensitivity: Estimate
    specificity: Estimate
    auroc: Estimate


def detection(measure: ArrayLike, condition: ArrayLike, cutoff: float) -> Detection:
    """Return sensitivity and specificity of `measure >= cutoff` (Wilson intervals), and AUROC (bootstrap)."""
    values, truth = np.asarray(measure, dtype=float), np.asarray(condition, dtype=bool)
    positive = values >= cutoff
    cases, others = int(truth.sum()), int((~truth).sum())
    return Detection(
        cases,
        others,
        proportion(int((positive & truth).sum()), cases),
        proportion(int((~positive & ~truth).sum()), others),
        _auroc(values, truth),
    )


def _auroc(values: NDArray[np.float64], truth: NDArray[np.bool_]) -> Estimate:
    if truth.all() or not truth.any():
        return UNKNOWN
    value = float(roc_auc_score(truth, values))
    random = np.random.default_rng(0)
    drawn = []
    for _ in range(RESAMPLES // 4):
        chosen = random.integers(0, values.size, values.size)
        if truth[chosen].any() and not truth[chosen].all():
            drawn.append(roc_auc_score(truth[chosen], values[chosen]))
    low, high = np.quantile(drawn, ((1 - LEVEL) / 2, (1 + LEVEL) / 2))
    return Estimate(value, float(low), float(high))


def t_test(first: ArrayLike, second: ArrayLike, *, paired: bool = False) -> float:
    """Return the p value of Welch's or the paired t-test; NaN for fewer than three values."""
    one, other = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    if min(one.size, other.size) < _MIN_EXAMS:
        return math.nan
    if paired:
        return float(stats.ttest_rel(one, other).pvalue) if np.ptp(one - other) > 0 else math.nan
    return float(stats.ttest_ind(one, other, equal_var=False).pvalue)
