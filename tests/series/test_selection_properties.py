"""Whatever the series of a study are: selection never fails without a reason, and never depends on their order."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from liver_mre.errors import (
    MreError,
)
from liver_mre.studies.study import PatientKey, Series
from tests.planning import list_series, select
from tests.series import study_factory as made
from tests.series.acquisition_factory import (
    CONFIDENCE,
    RULES,
    UNNAMED,
    WITH_CONFIDENCE,
    at,
)

if TYPE_CHECKING:
    from random import Random

    from liver_mre.series.acquisition import Acquisition
    from liver_mre.studies.study import Instance


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
