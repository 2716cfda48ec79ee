"""Scores of a slice classification: both classes, causes, out of domain."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.metrics import roc_auc_score

from liver_mre.quality.ballot import Ballot, count_votes
from liver_mre.quality.verdict import CAUSES
from training.quality.slices import DIAGNOSTIC

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Scores:
    """Scores of N classified slices; NaN where a class is missing. Names are those of the published card."""

    accuracy: float  # of diagnostic against not diagnostic
    precision: float  # positive class: diagnostic
    recall: float
    precision_bad: float  # positive class: not diagnostic
    recall_bad: float
    auroc: float  # of the probability of diagnostic
    cause: float  # accuracy of the cause in slices of livers that are correctly called not diagnostic
    auroc_stranger: float  # of the probability of out of domain, per slice
    slices: int
    diagnostic: int  # number of diagnostic slices

    def as_dict(self) -> dict[str, Any]:
        """Return the scores rounded to 4 digits; None where a class is missing."""
        return {name: None if np.isnan(value) else round(value, 4) for name, value in asdict(self).items()}


def ballot_of(logits: NDArray[np.float32]) -> Ballot:
    """Count the votes in logits (N, members, `OUTPUTS`), or (N, `OUTPUTS`) of a single network."""
    return count_votes(logits if logits.ndim > 2 else logits[:, None])  # noqa: PLR2004 - the axes


def score(logits: NDArray[np.float32], truth: NDArray[np.int64], out_of_domain: NDArray[np.bool_]) -> Scores:
    """Score logits (N, members, `OUTPUTS`), or (N, `OUTPUTS`) of a single network.

    Parameters
    ----------
    truth : (N,) index of the cause, or `DIAGNOSTIC`
    out_of_domain : (N,) whether a slice is no axial elastogram of a liver
    """
    ballot = ballot_of(logits)
    called, good = ballot.diagnostic, truth == DIAGNOSTIC
    refused = ~good & ~called & ~out_of_domain
    return Scores(
        accuracy=float((called == good).mean()),
        precision=_share(good[called]),
        recall=_share(called[good]),
        precision_bad=_share(~good[~called]),
        recall_bad=_share(~called[~good]),
        auroc=_auroc(good, ballot.probability),
        cause=_share(ballot.cause[refused] == truth[refused]),
        auroc_stranger=_auroc(out_of_domain, ballot.out_of_domain),
        slices=len(truth),
        diagnostic=int(good.sum()),
    )


def confusion(logits: NDArray[np.float32], truth: NDArray[np.int64]) -> dict[str, dict[str, int]]:
    """Return the confusion matrix: counts by true class (rows) and called class (columns)."""
    ballot = ballot_of(logits)
    called = np.where(ballot.diagnostic, DIAGNOSTIC, ballot.cause)
    words = {DIAGNOSTIC: "diagnostic", **{index: str(cause) for index, cause in enumerate(CAUSES)}}
    return {
        words[row]: {words[column]: int(((truth == row) & (called == column)).sum()) for column in words}
        for row in words
    }


def _auroc(truth: NDArray[np.bool_], value: NDArray[np.floating]) -> float:
    return float(roc_auc_score(truth, value)) if truth.any() and not truth.all() else float("nan")


def _share(values: NDArray[np.bool_]) -> float:
    return float(values.mean()) if values.size else float("nan")
