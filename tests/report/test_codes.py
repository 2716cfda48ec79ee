"""Codes fit into DICOM's attributes and are all documented."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liver_mre.report import codes

DOCUMENT = Path(__file__).parents[2] / "docs" / "codes.md"


@pytest.mark.parametrize("key", codes.private_keys())
def test_private_code_fits_and_is_documented(key: str) -> None:
    code = codes.private(key)
    assert len(code.value) <= 16  # CodeValue is SH
    assert len(code.meaning) <= 64  # CodeMeaning is LO
    assert f"| `{code.value}` | {code.meaning} |" in DOCUMENT.read_text(encoding="utf-8")


def test_private_codes_are_distinct_and_their_scheme_is_private() -> None:
    values = [codes.private(key).value for key in codes.private_keys()]
    assert len(set(values)) == len(values)
    designator = codes.scheme()["designator"]
    assert designator.startswith("99")  # PS3.3, 8.2: private designators begin with 99
    assert len(designator) <= 16


@given(st.text(min_size=1))
def test_codes_of_free_words_fit_and_are_ascii(words: str) -> None:
    code = codes.named("PROFILE", words)
    assert len(code.value) <= 16
    assert len(code.meaning) <= 64
    assert code.meaning.isascii()


def test_equal_words_have_equal_codes_and_other_words_others() -> None:
    assert codes.named("CAT", "Normal") == codes.named("CAT", "Normal")
    assert codes.named("CAT", "Normal").value != codes.named("CAT", "Normal or inflammation").value


def test_every_metavir_stage_has_its_own_code() -> None:
    stages = ["F0", "F1", "F2", "F3", "F4"]
    assert [codes.metavir(stage).meaning for stage in stages] == [f"METAVIR {stage}" for stage in stages]


def test_an_unlisted_reason_is_coded_as_other() -> None:
    assert codes.not_evaluable("no_liver").value == "NO-LIVER"
    assert codes.not_evaluable("something_new").value == "NOT-EVAL-OTHER"


def test_plain_text_keeps_its_comparison_signs() -> None:
    assert codes.plain("≥ F2, 3 ± 1 cm²") == ">= F2, 3 +/- 1 cm2"


def test_plain_text_has_no_control_characters() -> None:
    assert codes.plain("RescaleType kPa\r\n\x1b[31m") == "RescaleType kPa [31m"
