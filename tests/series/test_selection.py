from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liver_mre.errors import (
    AmbiguousSeriesError,
    ConflictingFilesError,
    GeometryError,
    MissingSlicesError,
    MixedPatientsError,
    MixedSeriesError,
    MreError,
    NoConfidenceError,
    NoEligibleSeriesError,
    NoStiffnessError,
    SeriesNotMeasurableError,
    SettingsError,
    UnknownUnitError,
)
from liver_mre.series.roles import Role
from liver_mre.studies.study import PatientKey, Series
from tests.planning import list_series, select
from tests.series import study_factory as made
from tests.series.acquisition_factory import CONFIDENCE, EPI, RULES, UNNAMED, WITH_CONFIDENCE, at, only, selections

if TYPE_CHECKING:
    from random import Random

    from liver_mre.series.acquisition import Acquisition
    from liver_mre.studies.study import Instance

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
    found = select(made.study(*EXAM), RULES)
    (selection,) = found.acquisitions
    assert (selection.series, selection.maps.masked, selection.maps.confidence) == (MASKED, True, None)
    assert selection.magnitude is EXAM[2]
    assert found.rejected == ()
    assert [d.used for d in found.decisions] == [False, False, True, False, False, False, True, False]


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
        assert only(magnitude, masked).maps.stiffness is masked


def test_conflicting_copies_matter_only_in_the_series_that_are_measured() -> None:
    conflicting = [made.series(replace(t, conflicting=True), 3) for t in (made.MAGNITUDE, made.MASKED, CONFIDENCE)]
    assert only(conflicting[0], MASKED).maps.stiffness is MASKED
    with pytest.raises(ConflictingFilesError, match="send the series again"):
        only(conflicting[1])
    with pytest.raises(ConflictingFilesError):
        only(EXAM[5], conflicting[2])


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
    with pytest.raises(MixedSeriesError, match=r"1\.2\.7\).*another kind \(colour, stiffness masked\)") as error:
        select(made.study(*EXAM[:6], mixed), RULES)
    assert error.value.code == "mixed_series"


def test_unmasked_stiffness_without_a_confidence_map_is_not_eligible_and_the_message_says_so() -> None:
    with pytest.raises(NoConfidenceError, match="no confidence map") as error:
        select(made.study(*EXAM[:6]), RULES)
    assert error.value.code == "no_confidence"


def test_unmasked_stiffness_with_a_confidence_map_of_the_same_slices_is_measured() -> None:
    confidence = made.series(CONFIDENCE, 9)
    found = select(made.study(EXAM[5], confidence), WITH_CONFIDENCE)
    (selection,) = found.acquisitions
    assert (selection.series, selection.maps.masked, selection.maps.confidence) == (EXAM[5], False, confidence)
    assert (selection.maps.confidence_per_count, selection.maps.paired_by_number) == (0.001, False)
    assert [d.used for d in found.decisions] == [True, True]


def test_a_confidence_map_that_cannot_be_used_is_named_with_the_elements_that_say_so() -> None:
    no_scale = replace(WITH_CONFIDENCE, confidence=())
    with pytest.raises(NoConfidenceError, match=r"series 9 was not used.*RealWorldValueMapping"):
        select(made.study(EXAM[5], made.series(CONFIDENCE, 9)), no_scale)
    with pytest.raises(NoConfidenceError, match=r"series 9 was not used.*ImagePositionPatient"):
        only(EXAM[5], made.series(CONFIDENCE, 9, (-10.0, 0.0)))


def test_unmasked_stiffness_with_its_confidence_map_is_preferred_to_the_masked_series() -> None:
    confidence = made.series(CONFIDENCE, 9)
    found = select(made.study(EXAM[5], MASKED, confidence), WITH_CONFIDENCE)
    (selection,) = found.acquisitions
    assert (selection.series, selection.maps.masked, selection.maps.confidence) == (EXAM[5], False, confidence)
    assert found.decisions[1].reason.startswith("Not measured: the unmasked stiffness")


def test_naming_the_masked_series_measures_it_although_there_is_a_confidence_map() -> None:
    selection = only(EXAM[5], MASKED, made.series(CONFIDENCE, 9), series_uid="1.2.7")
    assert (selection.series, selection.maps.masked, selection.maps.confidence) == (MASKED, True, None)


def test_naming_the_unmasked_series_without_a_map_measures_its_masked_twin_and_says_so() -> None:
    selection = only(*EXAM, series_uid="1.2.6")
    assert selection.series is MASKED
    assert "Series 6 was asked for" in selection.notes[0]


def test_repeats_that_nothing_tells_apart_are_ambiguous_and_the_message_names_both_and_the_way_out() -> None:
    repeated = made.study(MASKED, made.series(made.MASKED, 17))
    with pytest.raises(AmbiguousSeriesError, match=r"series 7 \(1\.2\.7\), series 17 \(1\.2\.17\).*--series"):
        select(repeated, RULES)
    decisions = list_series(repeated, RULES)
    assert not any(d.used for d in decisions)
    assert all("--series" in d.reason for d in decisions)


def test_naming_a_series_resolves_the_ambiguity() -> None:
    again = made.series(made.MASKED, 17)
    magnitude_again = made.series(made.MAGNITUDE, 13)
    selection = only(EXAM[2], MASKED, magnitude_again, again, series_uid="1.2.17")
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


def test_every_acquisition_gets_its_own_companions_whatever_the_series_numbers_are() -> None:
    early = [at(t, n, 10.0) for t, n in ((made.MAGNITUDE, 3), (made.UNMASKED, 20), (CONFIDENCE, 31))]
    late = [at(t, n, 300.0) for t, n in ((made.MAGNITUDE, 19), (made.UNMASKED, 30), (CONFIDENCE, 21))]
    first, second = selections(*late, *early)
    assert (first.magnitude, first.maps.stiffness, first.maps.confidence) == tuple(early)
    assert (second.magnitude, second.maps.stiffness, second.maps.confidence) == tuple(late)


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


def test_a_study_without_the_series_asked_for_has_nothing_to_measure() -> None:
    with pytest.raises(NoEligibleSeriesError, match=r"9\.9") as error:
        select(made.study(*EXAM), RULES, series_uid="9.9")
    assert error.value.code == "no_mre_series"


@pytest.mark.parametrize("number", [1, 3, 8])
def test_naming_a_series_that_cannot_be_measured_says_why(number: int) -> None:
    with pytest.raises(SeriesNotMeasurableError, match="cannot be measured") as error:
        select(made.study(*EXAM), RULES, series_uid=f"1.2.{number}")
    assert error.value.code == "series_not_measurable"


def test_naming_an_unmasked_series_of_unknown_confidence_says_what_is_missing() -> None:
    with pytest.raises(SeriesNotMeasurableError, match="no confidence map of the same slices"):
        select(made.study(*EXAM[:6]), RULES, series_uid="1.2.6")


def test_naming_a_series_that_is_incomplete_or_ambiguous_gives_its_own_reason() -> None:
    with pytest.raises(MissingSlicesError):
        only(at(made.MASKED, 7, None, -10.0, 0.0, 20.0), series_uid="1.2.7")
    with pytest.raises(AmbiguousSeriesError, match=r"series 5 .*series 7 "):
        only(EXAM[5], made.series(made.MASKED, 5), MASKED, series_uid="1.2.6")


def test_a_header_that_contradicts_itself_is_named_where_nothing_else_can_be_measured() -> None:
    odd = made.series(replace(made.MASKED, image_type=("DERIVED", "PRIMARY", "P", "WV")), 7)
    with pytest.raises(
        NoStiffnessError, match=r"Series 7: .*ImageType.*SeriesDescription|SeriesDescription.*ImageType"
    ):
        select(made.study(odd), RULES)


def test_an_acquisition_that_was_not_asked_for_is_neither_measured_nor_rejected() -> None:
    early = at(made.MAGNITUDE, 3, 10.0), at(made.UNMASKED, 6, 10.0)
    found = select(made.study(*early, at(made.MASKED, 17, 300.0)), RULES, series_uid="1.2.17")
    assert (len(found.acquisitions), found.rejected) == (1, ())
    assert found.decisions[1].reason.startswith("Not measured: another series was asked for.")


@pytest.mark.parametrize("companion", [made.MAGNITUDE, made.UNMASKED, made.PHASE, made.WAVE])
@pytest.mark.parametrize("kept", [(0.0, 10.0, 20.0), (-10.0, 0.0, 10.0), (-10.0,)])
def test_slices_that_only_a_companion_has_are_missing(companion: Instance, kept: tuple[float, ...]) -> None:
    incomplete = made.study(made.series(companion, 3), made.series(made.MASKED, 7, kept))
    with pytest.raises(MissingSlicesError, match=f"^{4 - len(kept)} slice"):
        select(incomplete, RULES)


def test_the_magnitude_of_a_repeat_with_more_slices_does_not_make_slices_missing() -> None:
    larger = made.series(made.MAGNITUDE, 8, (-20.0, -10.0, 0.0, 10.0, 20.0))
    assert only(EXAM[2], MASKED, larger).magnitude is EXAM[2]


def test_magnitude_of_another_orientation_is_no_companion() -> None:
    coronal = made.series(replace(made.MAGNITUDE, orientation=(1.0, 0.0, 0.0, 0.0, 0.0, -1.0)), 3)
    assert only(coronal, MASKED).magnitude is None


def test_an_unknown_unit_ends_the_selection_and_an_override_allows_it() -> None:
    nameless = made.study(made.series(replace(made.MASKED, rescale_type="m/s"), 7))
    with pytest.raises(UnknownUnitError):
        select(nameless, RULES)
    (selection,) = select(nameless, RULES, kpa_per_count=0.01).acquisitions
    assert selection.unit.source == "override"


def test_a_wrong_override_is_a_wrong_setting_and_no_rejected_acquisition() -> None:
    with pytest.raises(SettingsError):
        select(made.study(MASKED), RULES, kpa_per_count=-1.0)


def test_the_scale_of_each_image_is_kept_where_they_differ() -> None:
    slopes = (0.01, 0.02, 0.01, 0.01)
    unnamed = made.series(replace(UNNAMED, manufacturer="", sequence_name="", rescale_type="kPa"), 7).instances
    scaled = [replace(image, rescale_slope=slope) for image, slope in zip(unnamed, slopes, strict=True)]
    rules = replace(WITH_CONFIDENCE, units=())
    (selection,) = select(made.study(Series("1.2.7", 7, tuple(scaled[::-1]))), rules).acquisitions
    assert [unit.kpa_per_count for unit in selection.maps.slice_units] == list(slopes[::-1])
    assert only(MASKED).maps.slice_units == ()


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
def test_listing_never_fails_and_says_something_about_every_series(instances: list[Instance]) -> None:
    series = tuple(Series(f"1.{i}", i, (instance,)) for i, instance in enumerate(instances))
    decisions = list_series(made.study(*series), RULES)
    assert len(decisions) == len(series)
    assert all(d.reason and not d.used for d in decisions)


_TEMPLATES = st.sampled_from([made.MASKED, made.UNMASKED, UNNAMED, CONFIDENCE, made.MAGNITUDE, made.PHASE, made.T2])
_SERIES = st.tuples(
    st.builds(
        replace,
        _TEMPLATES,
        sequence_name=st.sampled_from(["greMR", "epiMR"]),
        acquisition_number=st.sampled_from([None, 1, 2]),
    ),
    st.sampled_from([None, 10.0, 300.0]),
    st.sampled_from([(), (0.0,), (10.0,), (0.0, 10.0, 20.0)]),
)


def _outcome(series: list[Series]) -> object:
    """What is measured, in terms that do not depend on the order in which images and series were found."""
    try:
        found = select(made.study(*series), WITH_CONFIDENCE)
    except MreError as error:
        return type(error), str(error)
    return [
        (one.series.series_instance_uid, maps.masked, _uids(maps.stiffness), _uids(maps.confidence), one.notes)
        for one in found.acquisitions
        if (maps := one.maps) is not None
    ]


def _uids(series: Series | None) -> list[str]:
    return sorted(image.sop_instance_uid for image in series.instances) if series else []


@given(st.lists(_SERIES, min_size=1, max_size=7), st.randoms(use_true_random=False))
def test_the_order_of_files_and_series_never_changes_what_is_measured(
    parts: list[tuple[Instance, float | None, tuple[float, ...]]], random: Random
) -> None:
    series = [at(template, 5 + i, second, *z_mm) for i, (template, second, z_mm) in enumerate(parts)]
    shuffled = [replace(one, instances=tuple(random.sample(one.instances, len(one.instances)))) for one in series]
    assert _outcome(random.sample(shuffled, len(shuffled))) == _outcome(series)


@given(st.lists(_SERIES, min_size=1, max_size=7), st.lists(st.integers(0, 40), max_size=3))
def test_unrelated_series_never_change_what_is_measured(
    parts: list[tuple[Instance, float | None, tuple[float, ...]]], numbers: list[int]
) -> None:
    series = [at(template, 5 + i, second, *z_mm) for i, (template, second, z_mm) in enumerate(parts)]
    unrelated = [replace(at(made.T2, number, 77.0), series_instance_uid=f"1.3.{i}") for i, number in enumerate(numbers)]
    assert _outcome([*unrelated, *series]) == _outcome(series)


@given(st.lists(_SERIES, min_size=2, max_size=7))
def test_no_confidence_map_of_another_time_or_sequence_is_ever_used(
    parts: list[tuple[Instance, float | None, tuple[float, ...]]],
) -> None:
    series = [at(template, 5 + i, second, *z_mm) for i, (template, second, z_mm) in enumerate(parts)]
    for one in _found(series):
        images, confidence = one.series.instances, one.maps.confidence
        maps = confidence.instances if confidence else ()
        assert {image.sequence_name for image in maps} <= {image.sequence_name for image in images}
        timed = [image.acquired_s for image in images if image.acquired_s is not None]
        for image in maps:
            if timed and image.acquired_s is not None:
                assert min(timed) <= image.acquired_s <= max(timed)


def _found(series: list[Series]) -> tuple[Acquisition, ...]:
    try:
        return select(made.study(*series), WITH_CONFIDENCE).acquisitions
    except MreError:
        return ()


def test_a_masked_series_that_is_measured_for_lack_of_a_usable_map_says_so() -> None:
    unusable = made.series(replace(made.MASKED, series_description="confidence"), 8)
    (selection,) = select(made.study(*EXAM, unusable), RULES).acquisitions
    assert selection.maps.masked
    assert any("confidence map in series 8 was not used" in note for note in selection.notes)
    usable = select(made.study(MASKED, made.series(CONFIDENCE, 8)), WITH_CONFIDENCE).acquisitions
    assert [(one.maps.masked, one.notes) for one in usable] == [(True, ())]


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
