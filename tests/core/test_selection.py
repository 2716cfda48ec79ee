from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liver_mre.core.rules import Condition, ConfidenceRule, Operator, RoleRule
from liver_mre.core.selection import list_series, select
from liver_mre.core.study import PatientKey, Role, Series
from liver_mre.dicom.rules_file import load_scanner_rules
from liver_mre.errors import (
    AmbiguousSeriesError,
    ConflictingFilesError,
    MissingSlicesError,
    MixedPatientsError,
    MixedSeriesError,
    NoConfidenceError,
    NoEligibleSeriesError,
    NoStiffnessError,
    SeriesNotMeasurableError,
    UnknownUnitError,
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
    chosen = select(made.study(*EXAM), RULES).decisions
    assert [d.role for d in decisions] == [d.role for d in chosen]
    assert [d.series_number for d in decisions] == list(range(1, 9))
    assert decisions[7].role is Role.COLOUR
    assert all(d.reason.endswith(".") for d in (*decisions, *chosen))


def test_nothing_counts_as_used_before_the_selection_has_succeeded() -> None:
    decisions = list_series(made.study(*EXAM), RULES)
    assert not any(d.used for d in decisions)
    assert decisions[6].reason.startswith("Would be chosen to be measured.")
    assert select(made.study(*EXAM), RULES).decisions[6].reason.startswith("Chosen to be measured.")


def test_files_of_two_patients_are_refused() -> None:
    other = made.series(replace(made.MAGNITUDE, patient_key=PatientKey("b")), 3)
    with pytest.raises(MixedPatientsError):
        select(made.study(other, MASKED), RULES)


@pytest.mark.parametrize(
    ("one", "other", "mixed"),
    [
        (PatientKey("1"), PatientKey("2"), True),
        (PatientKey("1", "site"), PatientKey("1", "other site"), True),
        (PatientKey("1", "site"), PatientKey("1"), False),
        (PatientKey("1", name="A"), PatientKey("1", name="A B"), False),
        (PatientKey("1"), PatientKey(), False),
        (PatientKey("1", name="A"), PatientKey(name="B"), True),
        (PatientKey(name="A", birth_date="x"), PatientKey(name="A", birth_date="y"), True),
        (PatientKey(name="A", birth_date="x"), PatientKey(name="A"), False),
    ],
)
def test_what_one_file_does_not_say_makes_no_other_patient(one: PatientKey, other: PatientKey, *, mixed: bool) -> None:
    assert one.conflicts(other) is other.conflicts(one) is mixed
    magnitude = made.series(replace(made.MAGNITUDE, patient_key=one), 3)
    masked = made.series(replace(made.MASKED, patient_key=other), 7)
    if mixed:
        with pytest.raises(MixedPatientsError):
            select(made.study(magnitude, masked), RULES)
    else:
        assert select(made.study(magnitude, masked), RULES).stiffness is masked


def test_conflicting_copies_matter_only_in_the_series_that_are_measured() -> None:
    conflicting = [made.series(replace(t, conflicting=True), 3) for t in (made.MAGNITUDE, made.MASKED, CONFIDENCE)]
    assert select(made.study(conflicting[0], MASKED), RULES).stiffness is MASKED
    with pytest.raises(ConflictingFilesError, match="send the series again"):
        select(made.study(conflicting[1]), RULES)
    with pytest.raises(ConflictingFilesError):
        select(made.study(EXAM[5], conflicting[2]), WITH_CONFIDENCE)


def test_a_study_without_elastography_is_not_eligible() -> None:
    with pytest.raises(NoEligibleSeriesError, match="liver-mre check") as error:
        select(made.study(*EXAM[:2]), RULES)
    assert error.value.code == "no_mre_series"


@pytest.mark.parametrize(
    "template",
    [
        made.MAGNITUDE,
        made.WAVE,
        made.COLOUR,
        replace(made.MASKED, series_description="renamed", image_type=("DERIVED",)),
    ],
)
def test_elastography_without_a_known_stiffness_map_is_not_taken_for_another_study(template: Instance) -> None:
    with pytest.raises(NoStiffnessError, match="Send that series too") as error:
        select(made.study(EXAM[0], made.series(template, 3)), RULES)
    assert error.value.code == "no_stiffness_series"


def test_a_colour_picture_inside_the_stiffness_series_is_named_as_the_reason() -> None:
    mixed = replace(MASKED, instances=(replace(MASKED.first, samples_per_pixel=3), *MASKED.instances[1:]))
    with pytest.raises(MixedSeriesError, match=r"1\.2\.7 .*another kind \(colour, stiffness_masked\)") as error:
        select(made.study(*EXAM[:6], mixed), RULES)
    assert error.value.code == "mixed_series"


def test_unmasked_stiffness_without_a_confidence_map_is_not_eligible_and_the_message_says_so() -> None:
    with pytest.raises(NoConfidenceError, match="no confidence map") as error:
        select(made.study(*EXAM[:6]), RULES)
    assert error.value.code == "no_confidence"


def test_unmasked_stiffness_with_a_confidence_map_of_the_same_slices_is_measured() -> None:
    selection = select(made.study(EXAM[5], made.series(CONFIDENCE, 9)), WITH_CONFIDENCE)
    assert (selection.masked, selection.confidence_per_count) == (False, 0.001)
    assert selection.confidence is not None
    assert [d.used for d in selection.decisions] == [True, True]


def test_a_confidence_map_of_unknown_scale_or_of_other_slices_does_not_count() -> None:
    no_scale = replace(WITH_CONFIDENCE, confidence=())
    with pytest.raises(NoConfidenceError):
        select(made.study(EXAM[5], made.series(CONFIDENCE, 9)), no_scale)
    with pytest.raises(NoConfidenceError):
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


def test_a_study_without_the_series_asked_for_has_nothing_to_measure() -> None:
    with pytest.raises(NoEligibleSeriesError, match=r"9\.9") as error:
        select(made.study(*EXAM), RULES, series_uid="9.9")
    assert error.value.code == "no_mre_series"


@pytest.mark.parametrize("number", [1, 3, 6, 8])
def test_naming_a_series_that_cannot_be_measured_says_why(number: int) -> None:
    with pytest.raises(SeriesNotMeasurableError, match="cannot be measured") as error:
        select(made.study(*EXAM), RULES, series_uid=f"1.2.{number}")
    assert error.value.code == "series_not_measurable"


@pytest.mark.parametrize("companion", [made.MAGNITUDE, made.UNMASKED, made.PHASE, made.WAVE])
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
    patient_key=st.sampled_from([PatientKey("a"), PatientKey("b"), PatientKey()]),
    orientation=st.sampled_from([None, made.MASKED.orientation]),
    rescale_type=st.sampled_from([None, "m/s", "kPa"]),
)


@given(st.lists(_ODD, max_size=6))
def test_listing_never_fails_and_never_names_two_series_to_measure(instances: list[Instance]) -> None:
    series = tuple(Series(f"1.{i}", i, (instance,)) for i, instance in enumerate(instances))
    decisions = list_series(made.study(*series), RULES)
    assert len(decisions) == len(series)
    assert sum("Would be chosen" in d.reason for d in decisions) <= 1
