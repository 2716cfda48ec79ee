"""What several networks, each with a vote, say about the slices of an acquisition."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from liver_mre.quality.verdict import CAUSE_OUTPUTS, DIAGNOSTIC_OUTPUT, STRANGER_OUTPUT

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Ballot:
    """Votes of M networks on S slices.

    Attributes
    ----------
    members : M
    votes : (S,) how many networks call a slice diagnostic
    probability : (S,) that it is, on average over the networks
    cause : (S,) index into `CAUSES` of the one that the networks find likeliest on average
    strange : (S,) probability that it is no axial elastogram of a liver, on average
    """

    members: int
    votes: NDArray[np.int64]
    probability: NDArray[np.float64]
    cause: NDArray[np.int64]
    strange: NDArray[np.float64]

    @property
    def diagnostic(self) -> NDArray[np.bool_]:
        """(S,) whether more than half of the networks call a slice diagnostic."""
        return np.asarray(2 * self.votes > self.members)


def count_votes(logits: NDArray[np.floating]) -> Ballot:
    """Count the votes in logits (S, M, `OUTPUTS`)."""
    probability = _probability(logits[..., DIAGNOSTIC_OUTPUT])
    named = logits[..., CAUSE_OUTPUTS].astype(np.float64)
    shifted = np.exp(named - named.max(axis=-1, keepdims=True))
    causes = (shifted / shifted.sum(axis=-1, keepdims=True)).mean(axis=1)
    return Ballot(
        members=logits.shape[1],
        votes=(probability >= 0.5).sum(axis=1),  # noqa: PLR2004 - more likely than not
        probability=probability.mean(axis=1),
        cause=causes.argmax(axis=1),
        strange=_probability(logits[..., STRANGER_OUTPUT]).mean(axis=1),
    )


def _probability(logits: NDArray[np.floating]) -> NDArray[np.float64]:
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * logits.astype(np.float64))))
