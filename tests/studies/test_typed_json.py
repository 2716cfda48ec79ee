"""Whatever a site's file holds, it is read or refused with a sentence."""

from __future__ import annotations

import pytest

from liver_mre.errors import SettingsError
from liver_mre.studies.typed_json import parse_json


@pytest.mark.parametrize(
    "text",
    ["{", "[" * 100_000, f'{{"x": {"9" * 5001}}}', '{"x": 1, "x": 2}'],
    ids=["cut off", "nested deeply", "a number of 5001 digits", "a key twice"],
)
def test_what_is_no_usable_json_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match=r"The profile cannot be read.*Check it\."):
        parse_json(text, "profile", SettingsError, advice="Check it.")
