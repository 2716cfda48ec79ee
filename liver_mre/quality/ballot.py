"""The votes of several networks on the slices of an acquisition."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from liver_mre.quality.verdict import CAUSE_OUTPUTS, DIAGNOSTIC_OUTPUT, OUT_OF_DOMAIN_OUTPUT

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Ballot:
    """Votes of M networks on S slices.

    Attributes
    ----------
    members : M
    votes : (S,) number of networks that call a slice diagnostic
    probability : (S,) probability of diagnostic, mean over the networks
    cause : (S,) index into `CAUSES` of the cause with the highest mean probability
    out_of_domain : (S,) probability of out of domain, mean over the networks
    """

    members: int
    votes: NDArray[np.int64]
    probability: NDArray[np.float64]
    cause: NDArray[np.int64]
    out_of_domain: NDArray[np.float64]

    @property
    def diagnostic(self) -> NDArray[np.bool_]:
        """(S,) whether more than half of the networks call a slice diagnostic."""
        return np.asarray(2 * self.votes > self.members)


def count_votes(logits: NDArray[np.floating]) -> Ballot:
    """Count the votes in logits (S, M, `OUTPUTS`)."""
    probability = _sigmoid(logits[..., DIAGNOSTIC_OUTPUT])
    of_causes = logits[..., CAUSE_OUTPUTS].astype(np.float64)
    exponentials = np.exp(of_causes - of_causes.max(axis=-1, keepdims=True))
    causes = (exponentials / exponentials.sum(axis=-1, keepdims=True)).mean(axis=1)
    return Ballot(
        members=logits.shape[1],
        votes=(probability >= 0.5).sum(axis=1),  # noqa: PLR2004 - more likely than not
        probability=probability.mean(axis=1),
        cause=causes.argmax(axis=1),
        out_of_domain=_sigmoid(logits[..., OUT_OF_DOMAIN_OUTPUT]).mean(axis=1),
    )


def _sigmoid(logits: NDArray[np.floating]) -> NDArray[np.float64]:
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * logits.astype(np.float64))))
