"""Votes from logits."""

from __future__ import annotations

import numpy as np

from liver_mre.quality.ballot import count_votes
from liver_mre.quality.verdict import CAUSES, OUTPUTS, Cause


def test_the_majority_decides_and_a_tie_is_not_diagnostic() -> None:
    logits = np.zeros((3, 4, OUTPUTS), np.float32)
    logits[:, :, 0] = -3.0
    logits[0, :3, 0], logits[1, :2, 0] = 3.0, 3.0
    ballot = count_votes(logits)
    assert ballot.votes.tolist() == [3, 2, 0]
    assert ballot.diagnostic.tolist() == [True, False, False]
    assert ballot.probability[0] > ballot.probability[1] > ballot.probability[2]


def test_the_cause_is_the_likeliest_on_average_and_not_the_one_most_name() -> None:
    logits = np.zeros((1, 3, OUTPUTS), np.float32)
    breathing, driver = CAUSES.index(Cause.BREATHING), CAUSES.index(Cause.DRIVER)
    logits[0, :2, 1 + breathing] = 0.1
    logits[0, 2, 1 + driver] = 9.0
    assert count_votes(logits).cause.tolist() == [driver]


def test_large_logits_overflow_nowhere() -> None:
    logits = np.full((1, 2, OUTPUTS), -1e4, np.float32)
    logits[0, 1] = 1e4
    with np.errstate(all="raise"):
        ballot = count_votes(logits)
    assert ballot.probability.tolist() == [0.5]
    assert ballot.out_of_domain.tolist() == [0.5]
