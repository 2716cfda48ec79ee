from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from liver_mre.errors import (
    AmbiguousSeriesError,
    ConflictingFilesError,
    GeometryError,
    MissingSlicesError,
    MixedPatientsError,
    MixedSeriesError,
    NoConfidenceError,
    NoEligibleSeriesError,
    NoStiffnessError,
    SettingsError,
    UnknownUnitError,
)
from liver_mre.series.roles import Role
from liver_mre.studies.study import PatientKey, Series
from tests.planning import list_series, select
from tests.series import study_factory as made
from tests.series.acquisition_factory import (
    CONFIDENCE,
    EPI,
    FULL_EXAM,
    MASKED_OF_EXAM,
    RULES,
    UNNAMED,
    WITH_CONFIDENCE,
    at,
    only,
    selections,
)

if TYPE_CHECKING:
    from liver_mre.studies.study import Instance


def test_the_masked_series_of_a_full_exam_is_measured_and_its_magnitude_recorded() -> None:
    found = select(made.study(*FULL_EXAM), RULES)
    (selection,) = found.acquisitions
    assert (selection.series, selection.maps.masked, selection.maps.confidence) == (MASKED_OF_EXAM, True, None)
    assert selection.magnitude is FULL_EXAM[2]
    assert found.rejected == ()
    assert [d.used for d in found.decisions] == [False, False, True, False, False, False, True, False]


def test_every_series_gets_a_role_and_a_reason_before_anything_is_chosen() -> None:
    decisions = list_series(made.study(*FULL_EXAM), RULES)
    chosen = select(made.study(*FULL_EXAM), RULES).decisions
    assert [d.role for d in decisions] == [d.role for d in chosen]
    assert [d.series_number for d in decisions] == list(range(1, 9))
    assert decisions[7].role is Role.COLOUR
    assert all(d.reason.endswith(".") for d in (*decisions, *chosen))


def test_nothing_counts_as_used_before_the_selection_has_succeeded() -> None:
    decisions = list_series(made.study(*FULL_EXAM), RULES)
    assert not any(d.used for d in decisions)
    assert decisions[6].reason.startswith("Would be chosen to be measured.")
    assert select(made.study(*FULL_EXAM), RULES).decisions[6].reason.startswith("Chosen to be measured.")


def test_files_of_two_patients_are_refused() -> None:
    other = made.series(replace(made.MAGNITUDE, patient_key=PatientKey("b")), 3)
    with pytest.raises(MixedPatientsError):
        select(made.study(other, MASKED_OF_EXAM), RULES)


@pytest.mark.parametrize(
    ("one", "other", "mixed"),
    [
        (PatientKey("1"), PatientKey("2"), True),
        (PatientKey("1", "site"), PatientKey("1", "other site"), True),
        (PatientKey("1", "site"), PatientKey("1"), False),
        (PatientKey("1", name="A"), PatientKey("1", name="A B"), False),
        (PatientKey("1", birth_date="x"), PatientKey("1", birth_date="y"), False),
        (PatientKey("1", name="A", birth_date="x"), PatientKey("1", name="B", birth_date="y"), True),
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
        assert only(magnitude, masked).maps.stiffness is masked


def test_conflicting_copies_matter_only_in_the_series_that_are_measured() -> None:
    conflicting = [made.series(replace(t, conflicting=True), 3) for t in (made.MAGNITUDE, made.MASKED, CONFIDENCE)]
    assert only(conflicting[0], MASKED_OF_EXAM).maps.stiffness is MASKED_OF_EXAM
    with pytest.raises(ConflictingFilesError, match="send the series again"):
        only(conflicting[1])
    with pytest.raises(ConflictingFilesError):
        only(FULL_EXAM[5], conflicting[2])


def test_a_study_without_elastography_is_not_eligible() -> None:
    with pytest.raises(NoEligibleSeriesError, match="liver-mre check") as error:
        select(made.study(*FULL_EXAM[:2]), RULES)
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
        select(made.study(FULL_EXAM[0], made.series(template, 3)), RULES)
    assert error.value.code == "no_stiffness_series"


def test_a_colour_picture_inside_the_stiffness_series_is_named_as_the_reason() -> None:
    mixed = replace(
        MASKED_OF_EXAM, instances=(replace(MASKED_OF_EXAM.first, samples_per_pixel=3), *MASKED_OF_EXAM.instances[1:])
    )
    with pytest.raises(MixedSeriesError, match=r"1\.2\.7\).*another kind \(colour, stiffness masked\)") as error:
        select(made.study(*FULL_EXAM[:6], mixed), RULES)
    assert error.value.code == "mixed_series"


def test_unmasked_stiffness_without_a_confidence_map_is_not_eligible_and_the_message_says_so() -> None:
    with pytest.raises(NoConfidenceError, match="no confidence map") as error:
        select(made.study(*FULL_EXAM[:6]), RULES)
    assert error.value.code == "no_confidence"


def test_unmasked_stiffness_with_a_confidence_map_of_the_same_slices_is_measured() -> None:
    confidence = made.series(CONFIDENCE, 9)
    found = select(made.study(FULL_EXAM[5], confidence), WITH_CONFIDENCE)
    (selection,) = found.acquisitions
    assert (selection.series, selection.maps.masked, selection.maps.confidence) == (FULL_EXAM[5], False, confidence)
    assert (selection.maps.confidence_per_count, selection.maps.paired_by_number) == (0.001, False)
    assert [d.used for d in found.decisions] == [True, True]


def test_a_confidence_map_that_cannot_be_used_is_named_with_the_elements_that_say_so() -> None:
    no_scale = replace(WITH_CONFIDENCE, confidence=())
    with pytest.raises(NoConfidenceError, match=r"series 9 was not used.*RealWorldValueMapping"):
        select(made.study(FULL_EXAM[5], made.series(CONFIDENCE, 9)), no_scale)
    with pytest.raises(NoConfidenceError, match=r"series 9 was not used.*ImagePositionPatient"):
        only(FULL_EXAM[5], made.series(CONFIDENCE, 9, (-10.0, 0.0)))


def test_unmasked_stiffness_with_its_confidence_map_is_preferred_to_the_masked_series() -> None:
    confidence = made.series(CONFIDENCE, 9)
    found = select(made.study(FULL_EXAM[5], MASKED_OF_EXAM, confidence), WITH_CONFIDENCE)
    (selection,) = found.acquisitions
    assert (selection.series, selection.maps.masked, selection.maps.confidence) == (FULL_EXAM[5], False, confidence)
    assert found.decisions[1].reason.startswith("Not measured: the unmasked stiffness")


def test_naming_the_masked_series_measures_it_although_there_is_a_confidence_map() -> None:
    selection = only(FULL_EXAM[5], MASKED_OF_EXAM, made.series(CONFIDENCE, 9), series_uid="1.2.7")
    assert (selection.series, selection.maps.masked, selection.maps.confidence) == (MASKED_OF_EXAM, True, None)


def test_naming_the_unmasked_series_without_a_map_measures_its_masked_twin_and_says_so() -> None:
    selection = only(*FULL_EXAM, series_uid="1.2.6")
    assert selection.series is MASKED_OF_EXAM
    assert "Series 6 was asked for" in selection.notes[0]


def test_repeats_that_nothing_tells_apart_are_ambiguous_and_the_message_names_both_and_the_way_out() -> None:
    repeated = made.study(MASKED_OF_EXAM, made.series(made.MASKED, 17))
    with pytest.raises(AmbiguousSeriesError, match=r"series 7 \(1\.2\.7\), series 17 \(1\.2\.17\).*--series"):
        select(repeated, RULES)
    decisions = list_series(repeated, RULES)
    assert not any(d.used for d in decisions)
    assert all("--series" in d.reason for d in decisions)


def test_naming_a_series_resolves_the_ambiguity() -> None:
    again = made.series(made.MASKED, 17)
    magnitude_again = made.series(made.MAGNITUDE, 13)
    selection = only(FULL_EXAM[2], MASKED_OF_EXAM, magnitude_again, again, series_uid="1.2.17")
    assert selection.series is again
    assert selection.magnitude is magnitude_again


@pytest.mark.parametrize(
    "differs",
    [
        {"acquired_s": 90.0},
        {"acquisition_number": 2},
        EPI,
        {"protocol_name": "another"},
        {"series_description": "mre_2_P_StiffC95"},
    ],
)
def test_what_tells_two_acquisitions_apart_makes_both_candidates(differs: dict[str, object]) -> None:
    usual = {"acquired_s": 30.0, "acquisition_number": 1, "protocol_name": "greMRE"}
    if "acquired_s" not in differs:
        usual["acquired_s"] = None
    one = made.series(replace(made.MASKED, **usual), 7)
    other = made.series(replace(made.MASKED, **usual | differs), 17)
    assert [selection.series for selection in selections(other, one)] == [one, other]


def test_gradient_echo_and_echo_planar_imaging_are_two_acquisitions_even_under_the_same_dummy_time() -> None:
    gre = [at(t, n, 0.0) for t, n in ((made.MAGNITUDE, 3), (made.MASKED, 7))]
    epi = [at(replace(t, **EPI), n, 0.0) for t, n in ((made.MAGNITUDE, 4), (made.MASKED, 8))]
    found = selections(*gre, *epi)
    assert [(one.magnitude, one.maps.stiffness) for one in found] == [tuple(gre), tuple(epi)]


def test_an_acquisition_that_cannot_be_measured_does_not_stop_the_other_one() -> None:
    nameless = at(replace(made.MASKED, rescale_type="m/s"), 17, 300.0)
    found = select(made.study(at(made.MASKED, 7, 10.0), nameless), RULES)
    assert [one.series.series_number for one in found.acquisitions] == [7]
    (rejected,) = found.rejected
    assert rejected.series is nameless
    assert isinstance(rejected.error, UnknownUnitError)
    assert found.decisions[1].reason.startswith(str(rejected.error))
    assert [d.candidate for d in found.decisions] == [0, 1]


def test_when_no_acquisition_can_be_measured_the_gravest_reason_is_given_with_the_words_of_all() -> None:
    early = at(made.MAGNITUDE, 3, 10.0), at(made.UNMASKED, 6, 10.0)
    gap = at(made.MASKED, 17, 300.0, -10.0, 0.0, 20.0)
    with pytest.raises(MissingSlicesError, match=r"None of the 2 .*Series 6: Nothing says.*Series 17: 1 slice"):
        select(made.study(*early, gap), RULES)


def test_two_unnamed_series_of_one_acquisition_are_both_left_to_the_pixels() -> None:
    twins = made.series(UNNAMED, 6), made.series(UNNAMED, 7)
    assert [(one.maps.stiffness, one.maps.masked) for one in selections(*twins)] == [(twin, None) for twin in twins]
    with pytest.raises(AmbiguousSeriesError, match="3 series"):
        selections(*twins, made.series(UNNAMED, 8))


def test_an_unnamed_series_with_a_confidence_map_needs_no_look_at_its_pixels() -> None:
    confidence = made.series(CONFIDENCE, 9)
    selection = only(made.series(UNNAMED, 6), confidence)
    assert (selection.maps.masked, selection.maps.confidence) == (False, confidence)
    assert "confidence map decides" in selection.notes[0]


def test_a_header_that_contradicts_itself_is_named_where_nothing_else_can_be_measured() -> None:
    odd = made.series(replace(made.MASKED, image_type=("DERIVED", "PRIMARY", "P", "WV")), 7)
    with pytest.raises(
        NoStiffnessError, match=r"Series 7: .*ImageType.*SeriesDescription|SeriesDescription.*ImageType"
    ):
        select(made.study(odd), RULES)


def test_an_unknown_unit_ends_the_selection_and_an_override_allows_it() -> None:
    nameless = made.study(made.series(replace(made.MASKED, rescale_type="m/s"), 7))
    with pytest.raises(UnknownUnitError):
        select(nameless, RULES)
    (selection,) = select(nameless, RULES, kpa_per_count=0.01).acquisitions
    assert selection.unit.source == "override"


def test_a_wrong_override_is_a_wrong_setting_and_no_rejected_acquisition() -> None:
    with pytest.raises(SettingsError):
        select(made.study(MASKED_OF_EXAM), RULES, kpa_per_count=-1.0)


SCALED_ONE_BY_ONE = {"manufacturer": "Philips", "sop_class_uid": "1.2.840.10008.5.1.4.1.1.4.1"}


def test_the_scale_of_each_image_is_kept_where_they_differ() -> None:
    slopes = (0.01, 0.02, 0.01, 0.01)
    unnamed = made.series(replace(UNNAMED, sequence_name="", rescale_type="kPa", **SCALED_ONE_BY_ONE), 7).instances
    scaled = [replace(image, rescale_slope=slope) for image, slope in zip(unnamed, slopes, strict=True)]
    rules = replace(WITH_CONFIDENCE, units=())
    (selection,) = select(made.study(Series("1.2.7", 7, tuple(scaled[::-1]))), rules).acquisitions
    assert [unit.kpa_per_count for unit in selection.maps.slice_units] == list(slopes[::-1])
    assert only(MASKED_OF_EXAM).maps.slice_units == ()


def test_a_stiffness_series_of_placeholder_geometry_is_the_reason_and_not_the_map_that_does_not_go_with_it() -> None:
    lost = made.series(replace(made.GE_UNMASKED, pixel_spacing_mm=(1.0, 1.0)), 4)
    images = tuple(replace(image, position_mm=(0.0, 0.0, 0.0)) for image in lost.instances)
    with pytest.raises(GeometryError, match="placeholders"):
        select(made.study(replace(lost, instances=images), made.series(made.GE_CONFIDENCE, 5)), RULES)


def test_ultrasound_elastography_is_not_taken_for_magnetic_resonance() -> None:
    ultrasound = made.series(replace(made.GE_UNMASKED, modality="US", private_sequence_name=""), 4)
    with pytest.raises(NoEligibleSeriesError) as error:
        select(made.study(ultrasound), RULES)
    assert error.value.code == "no_mre_series"
