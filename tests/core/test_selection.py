from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liver_mre.core.rules import Condition, ConfidenceRule, Operator, RoleRule
from liver_mre.core.selection import list_series, select
from liver_mre.core.study import Role, Series
from liver_mre.dicom.rules_file import load_scanner_rules
from liver_mre.errors import (
    AmbiguousSeriesError,
    MissingSlicesError,
    MixedPatientsError,
    NoEligibleSeriesError,
    UnknownUnitError,
    UsageError,
)
from tests.core import study_factory as made

if TYPE_CHECKING:
    from liver_mre.core.study import Instance

RULES = load_scanner_rules()
_CONFIDENCE = (Condition("series_description", Operator.ENDS_WITH_ANY, ("conf",)),)
WITH_CONFIDENCE = replace(
    RULES,
    roles=(RoleRule("test", Role.CONFIDENCE, _CONFIDENCE, "Confidence map.", "test"), *RULES.roles),
    confidence=(ConfidenceRule("test", _CONFIDENCE, 0.001, "test"),),
)
CONFIDENCE = replace(made.MASKED, series_description="Conf")
EXAM = (
    made.series(made.LOCALIZER, 1, (0.0,)),
    made.series(made.T2, 2),
    made.series(made.MAGNITUDE, 3),
    made.series(made.PHASE, 4),
    made.series(made.WAVE, 5),
    made.series(made.UNMASKED, 6),
    made.series(made.MASKED, 7),
    made.series(made.COLOUR, 8),
)
MASKED = EXAM[6]


def test_the_masked_series_of_a_full_exam_is_measured_and_its_magnitude_recorded() -> None:
    selection = select(made.study(*EXAM), RULES)
    assert (selection.stiffness, selection.masked, selection.confidence) == (MASKED, True, None)
    assert selection.magnitude is EXAM[2]
    assert [d.used for d in selection.decisions] == [False, False, True, False, False, False, True, False]


def test_every_series_gets_a_role_and_a_reason_before_anything_is_chosen() -> None:
    decisions = list_series(made.study(*EXAM), RULES)
    assert decisions == select(made.study(*EXAM), RULES).decisions
    assert [d.series_number for d in decisions] == list(range(1, 9))
    assert decisions[7].role is Role.COLOUR
    assert all(d.reason.endswith(".") for d in decisions)


def test_files_of_two_patients_are_refused() -> None:
    other = made.series(replace(made.MAGNITUDE, patient_key="b"), 3)
    with pytest.raises(MixedPatientsError):
        select(made.study(other, MASKED), RULES)


def test_a_study_without_elastography_is_not_eligible() -> None:
    with pytest.raises(NoEligibleSeriesError, match="liver-mre check"):
        select(made.study(*EXAM[:2]), RULES)


def test_unmasked_stiffness_without_a_confidence_map_is_not_eligible_and_the_message_says_so() -> None:
    with pytest.raises(NoEligibleSeriesError, match="no confidence map"):
        select(made.study(*EXAM[:6]), RULES)


def test_unmasked_stiffness_with_a_confidence_map_of_the_same_slices_is_measured() -> None:
    selection = select(made.study(EXAM[5], made.series(CONFIDENCE, 9)), WITH_CONFIDENCE)
    assert (selection.masked, selection.confidence_per_count) == (False, 0.001)
    assert selection.confidence is not None
    assert [d.used for d in selection.decisions] == [True, True]


def test_a_confidence_map_of_unknown_scale_or_of_other_slices_does_not_count() -> None:
    no_scale = replace(WITH_CONFIDENCE, confidence=())
    with pytest.raises(NoEligibleSeriesError):
        select(made.study(EXAM[5], made.series(CONFIDENCE, 9)), no_scale)
    with pytest.raises(NoEligibleSeriesError):
        select(made.study(EXAM[5], made.series(CONFIDENCE, 9, (-10.0, 0.0))), WITH_CONFIDENCE)


def test_the_masked_series_is_preferred_to_a_separate_confidence_map() -> None:
    selection = select(made.study(EXAM[5], MASKED, made.series(CONFIDENCE, 9)), WITH_CONFIDENCE)
    assert (selection.stiffness, selection.masked, selection.confidence) == (MASKED, True, None)


def test_a_repeated_acquisition_is_ambiguous_and_the_message_names_both_and_the_way_out() -> None:
    repeated = made.study(MASKED, made.series(made.MASKED, 17))
    with pytest.raises(AmbiguousSeriesError, match=r"1\.2\.7, 1\.2\.17.*--series"):
        select(repeated, RULES)
    decisions = list_series(repeated, RULES)
    assert not any(d.used for d in decisions)
    assert all("--series" in d.reason for d in decisions)


def test_naming_a_series_resolves_the_ambiguity() -> None:
    again = made.series(made.MASKED, 17)
    magnitude_again = made.series(made.MAGNITUDE, 13)
    selection = select(made.study(EXAM[2], MASKED, magnitude_again, again), RULES, series_uid="1.2.17")
    assert selection.stiffness is again
    assert selection.magnitude is magnitude_again


def test_naming_a_series_that_does_not_exist_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match=r"9\.9"):
        select(made.study(*EXAM), RULES, series_uid="9.9")


@pytest.mark.parametrize("number", [1, 3, 6, 8])
def test_naming_a_series_that_cannot_be_measured_says_why(number: int) -> None:
    with pytest.raises(NoEligibleSeriesError, match="cannot be measured"):
        select(made.study(*EXAM), RULES, series_uid=f"1.2.{number}")


@pytest.mark.parametrize("companion", [made.MAGNITUDE, made.UNMASKED])
@pytest.mark.parametrize("kept", [(0.0, 10.0, 20.0), (-10.0, 0.0, 10.0), (-10.0,)])
def test_slices_that_only_a_companion_has_are_missing(companion: Instance, kept: tuple[float, ...]) -> None:
    incomplete = made.study(made.series(companion, 3), made.series(made.MASKED, 7, kept))
    with pytest.raises(MissingSlicesError, match=f"^{4 - len(kept)} slice"):
        select(incomplete, RULES)


def test_the_magnitude_of_a_repeat_with_more_slices_does_not_make_slices_missing() -> None:
    larger = made.series(made.MAGNITUDE, 8, (-20.0, -10.0, 0.0, 10.0, 20.0))
    assert select(made.study(EXAM[2], MASKED, larger), RULES).magnitude is EXAM[2]


def test_magnitude_of_another_orientation_is_no_companion() -> None:
    coronal = made.series(replace(made.MAGNITUDE, orientation=(1.0, 0.0, 0.0, 0.0, 0.0, -1.0)), 3)
    assert select(made.study(coronal, MASKED), RULES).magnitude is None


def test_an_unknown_unit_ends_the_selection_and_an_override_allows_it() -> None:
    nameless = made.study(made.series(replace(made.MASKED, sequence_name=""), 7))
    with pytest.raises(UnknownUnitError):
        select(nameless, RULES)
    assert select(nameless, RULES, kpa_per_count=0.01).unit.source == "override"


_ODD = st.builds(
    replace,
    st.sampled_from([made.MASKED, made.UNMASKED, made.MAGNITUDE, made.COLOUR, made.T2]),
    manufacturer=st.sampled_from(["SIEMENS", "", "ACME"]),
    sequence_name=st.sampled_from(["greMR", ""]),
    patient_key=st.sampled_from(["a", "b"]),
    orientation=st.sampled_from([None, made.MASKED.orientation]),
    rescale_type=st.sampled_from([None, "m/s", "kPa"]),
)


@given(st.lists(_ODD, max_size=6))
def test_listing_never_fails_and_never_uses_two_stiffness_series(instances: list[Instance]) -> None:
    series = tuple(Series(f"1.{i}", i, (instance,)) for i, instance in enumerate(instances))
    decisions = list_series(made.study(*series), RULES)
    assert len(decisions) == len(series)
    assert sum(d.used and d.role is not Role.MAGNITUDE for d in decisions) <= 1
