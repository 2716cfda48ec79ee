"""What changes a study's form but not what it shows changes no stiffness: it is equal, or refused with a reason.

All encodings are tried with INVARIANTS=all; otherwise one of each kind.
"""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING, Final

import pytest

from tests.invariants.changes import CHANGES
from tests.invariants.sent_study import Outcome, SentImage, arrived, copied, outcome_of, sent

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Original = Callable[[str], tuple[list[SentImage], Outcome]]

ENCODINGS: Final = ("siemens-gre", "ge-gre", "canon", "resoundant-3d", "philips-enhanced")
MORE_ENCODINGS: Final = ("ge-epi", "philips") if os.environ.get("INVARIANTS") == "all" else ()
GE: Final = ("ge-gre", "ge-epi")
# What places GE's raw magnitude, which has no positions, is lost: changes, encodings, code, words of the reason, and
# whether it takes the pixels to see it.
REFUSED: Final = (
    (("shuffled_numbers",), GE, "no_magnitude", "negative values, as phase images have", "pixels"),
    (("no_numbers",), GE, "no_magnitude", "", "headers"),
    (("padded_stiffness", "padded_companions"), GE, "no_magnitude", "differ in size or number", "headers"),
)
EXPECTED: Final = {
    (encoding, change): rest for changes, encodings, *rest in REFUSED for change in changes for encoding in encodings
}


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Original:
    @cache
    def encoded(encoding: str) -> tuple[list[SentImage], Outcome]:
        folder = tmp_path_factory.mktemp("original")
        images = sent(encoding, folder / "sent")
        return images, outcome_of(arrived(copied(images), folder / "arrived"))

    return encoded


@pytest.mark.slow
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("encoding", ENCODINGS + MORE_ENCODINGS)
def test_a_change_of_form_changes_no_stiffness(original: Original, encoding: str, change: str, tmp_path: Path) -> None:
    images, expected = original(encoding)
    images = copied(images)
    if not CHANGES[change](images):
        pytest.skip("this encoding has nothing to change in this way")
    found = outcome_of(arrived(images, tmp_path / "arrived"))
    assert expected.area_cm2 > 50, expected
    if (encoding, change) in EXPECTED:
        code, words, by = EXPECTED[encoding, change]
        assert (found.code, found.by) == (code, by), found
        assert words in found.words
    else:
        assert found.mean_kpa == pytest.approx(expected.mean_kpa, rel=0.001), found


def test_every_refusal_is_one_that_the_table_tries() -> None:
    assert {change for _, change in EXPECTED} <= CHANGES.keys()
