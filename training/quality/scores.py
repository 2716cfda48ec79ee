"""How well slices are judged: both classes, and the causes."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.metrics import roc_auc_score

from liver_mre.core.quality.types import CAUSE_OUTPUTS, CAUSES, DIAGNOSTIC_OUTPUT, STRANGER_OUTPUT
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
    cause : share of slices, not diagnostic and called so, whose cause is named right
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


def voted(logits: NDArray[np.float32]) -> tuple[NDArray[np.bool_], NDArray[np.float64], NDArray[np.int64]]:
    """Return the majority's judgement of logits (N, members, `OUTPUTS`).

    Returns
    -------
    (N,) diagnostic by more than half of the votes; (N,) mean probability of it; (N,) cause by the mean of the
    members' probabilities
    """
    probability = 1.0 / (1.0 + np.exp(-logits[..., DIAGNOSTIC_OUTPUT].astype(np.float64)))
    votes = (probability >= 0.5).sum(axis=1)  # noqa: PLR2004 - more likely than not
    named = logits[..., CAUSE_OUTPUTS]
    shifted = np.exp(named - named.max(axis=-1, keepdims=True)).astype(np.float64)
    causes = (shifted / shifted.sum(axis=-1, keepdims=True)).mean(axis=1)
    return votes > logits.shape[1] / 2.0, probability.mean(axis=1), causes.argmax(axis=1)


def score(logits: NDArray[np.float32], truth: NDArray[np.int64], strangers: NDArray[np.bool_]) -> Scores:
    """Return the scores of logits (N, members, `OUTPUTS`), or (N, `OUTPUTS`) of one network.

    Parameters
    ----------
    truth : (N,) index of the cause, or `DIAGNOSTIC`
    strangers : (N,) whether a slice is no axial elastogram of a liver
    """
    members = logits if logits.ndim > 2 else logits[:, None]  # noqa: PLR2004 - the axes
    called, probability, named = voted(members)
    good = truth == DIAGNOSTIC
    refused = ~good & ~called
    return Scores(
        accuracy=float((called == good).mean()),
        precision=_share(good[called]),
        recall=_share(called[good]),
        precision_bad=_share(~good[~called]),
        recall_bad=_share(~called[~good]),
        auroc=_auroc(good, probability),
        cause=_share(named[refused] == truth[refused]),
        auroc_stranger=_auroc(strangers, members[..., STRANGER_OUTPUT].mean(axis=1)),
        slices=len(truth),
        diagnostic=int(good.sum()),
    )


def confusion(logits: NDArray[np.float32], truth: NDArray[np.int64]) -> dict[str, dict[str, int]]:
    """Return how many slices of each truth (rows) were called what (columns)."""
    called, _, named = voted(logits if logits.ndim > 2 else logits[:, None])  # noqa: PLR2004 - the axes
    said = np.where(called, DIAGNOSTIC, named)
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
