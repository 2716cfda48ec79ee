"""How well slices are judged: both classes, and the causes."""

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
    """Scores of one judgement of N slices; NaN where a class is missing.

    Attributes
    ----------
    accuracy : share of slices that are judged right
    precision, recall : of "diagnostic"
    precision_bad, recall_bad : of "not diagnostic"
    auroc : of the probability of "diagnostic"
    cause : share of slices of livers, not diagnostic and called so, whose cause is named right
    auroc_stranger : of the probability that an exam is no axial elastogram of a liver, its slices each for itself
    slices, diagnostic : how many there are
    """

    accuracy: float
    precision: float
    recall: float
    precision_bad: float
    recall_bad: float
    auroc: float
    cause: float
    auroc_stranger: float
    slices: int
    diagnostic: int

    def as_dict(self) -> dict[str, Any]:
        """Return them rounded, for tables; None where a class is missing."""
        return {name: _plain(value) for name, value in asdict(self).items()}


def ballot_of(logits: NDArray[np.float32]) -> Ballot:
    """Count the votes in logits (N, members, `OUTPUTS`), or the one vote in (N, `OUTPUTS`)."""
    return count_votes(logits if logits.ndim > 2 else logits[:, None])  # noqa: PLR2004 - the axes


def score(logits: NDArray[np.float32], truth: NDArray[np.int64], strangers: NDArray[np.bool_]) -> Scores:
    """Return the scores of logits (N, members, `OUTPUTS`), or (N, `OUTPUTS`) of one network.

    Parameters
    ----------
    truth : (N,) index of the cause, or `DIAGNOSTIC`
    strangers : (N,) whether a slice is no axial elastogram of a liver
    """
    ballot = ballot_of(logits)
    called, good = ballot.diagnostic, truth == DIAGNOSTIC
    refused = ~good & ~called & ~strangers
    return Scores(
        accuracy=float((called == good).mean()),
        precision=_share(good[called]),
        recall=_share(called[good]),
        precision_bad=_share(~good[~called]),
        recall_bad=_share(~called[~good]),
        auroc=_auroc(good, ballot.probability),
        cause=_share(ballot.cause[refused] == truth[refused]),
        auroc_stranger=_auroc(strangers, ballot.strange),
        slices=len(truth),
        diagnostic=int(good.sum()),
    )


def confusion(logits: NDArray[np.float32], truth: NDArray[np.int64]) -> dict[str, dict[str, int]]:
    """Return how many slices of each truth (rows) were called what (columns)."""
    ballot = ballot_of(logits)
    said = np.where(ballot.diagnostic, DIAGNOSTIC, ballot.cause)
    words = {DIAGNOSTIC: "diagnostic", **{index: str(cause) for index, cause in enumerate(CAUSES)}}
    return {
        words[row]: {words[column]: int(((truth == row) & (said == column)).sum()) for column in words} for row in words
    }


def _auroc(truth: NDArray[np.bool_], value: NDArray[np.floating]) -> float:
    return float(roc_auc_score(truth, value)) if truth.any() and not truth.all() else float("nan")


def _plain(value: float) -> float | None:
    if not isinstance(value, float):
        return value
    return None if np.isnan(value) else round(value, 4)


def _share(values: NDArray[np.bool_]) -> float:
    return float(values.mean()) if values.size else float("nan")
