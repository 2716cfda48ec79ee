"""Turn the stiffness chosen of a candidate into an acquisition: complete, on one grid, with unit and companions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, Final

from liver_mre.errors import ConflictingFilesError, MissingSlicesError, UnknownUnitError
from liver_mre.series.acquisition import Acquisition, ScannerMaps
from liver_mre.series.breath_holds import check_breath_holds
from liver_mre.series.confidence_images import images_of_slices
from liver_mre.series.copies import copies_notes
from liver_mre.series.grouping import join_slices
from liver_mre.series.options import ConfidenceSource
from liver_mre.series.other_exams import other_exam_notes
from liver_mre.series.pairing import best_matches, broken_element, why_apart
from liver_mre.series.requirements import check_referable
from liver_mre.series.roles import Role, SeriesRole
from liver_mre.series.split_series import joined_notes
from liver_mre.series.stack import check_extent, missing_message, order_slices, sparse_stack_note
from liver_mre.series.units import resolve_units, unit_in_one_line
from liver_mre.studies.concatenation import check_concatenations
from liver_mre.studies.geometry import distinct_distances_mm, grid_offset, missing_slices
from liver_mre.studies.pixel_format import check_pixel_headers

if TYPE_CHECKING:
    from liver_mre.series.acquisition import UnitEvidence
    from liver_mre.series.choosing import Choice
    from liver_mre.series.grouping import Candidate, Cluster, Companions
    from liver_mre.series.pairing import MreSeries
    from liver_mre.series.scanner_rules import ScannerRules
    from liver_mre.studies.study import Series

# Companions that show the same slices as the stiffness.
_SAME_SLICES: Final[dict[SeriesRole, str]] = {
    Role.MAGNITUDE: "magnitude series",
    Role.PHASE: "phase series",
    Role.WAVE: "wave series",
}
_TWINS: Final[dict[SeriesRole, str]] = {
    Role.STIFFNESS: "unmasked stiffness series",
    Role.STIFFNESS_MASKED: "masked stiffness series",
    Role.STIFFNESS_MASK_UNKNOWN: "other stiffness series",
}


@dataclass(frozen=True, slots=True, eq=False)
class PlannedAcquisition:
    """An acquisition, the choice that it was made from, and its magnitude series."""

    choice: Choice
    acquisition: Acquisition
    magnitudes: tuple[MreSeries, ...] = ()


def complete_acquisition(
    choice: Choice,
    candidate: Candidate,
    companions: Companions,
    rules: ScannerRules,
    *,
    kpa_per_count: float | None = None,
    requested: bool = False,
) -> PlannedAcquisition:
    """Check the chosen stiffness and add unit, confidence scale and companions.

    Parameters
    ----------
    choice, candidate, companions : from `choosing` and `grouping`
    rules : scanner rules, for the unit
    kpa_per_count : scale set by the user instead of the scanner's
    requested : True if the user named the series; what it says of another exam, often wrongly, is then only noted

    Raises
    ------
    OtherBodyPartError, OtherExamError
        The header says that another part of the body was examined, or names the series as another exam's.
    ConflictingFilesError
        Files of the series to measure have the same SOPInstanceUID and different content.
    LossyPixelsError, UnusablePixelsError, TruncatedFileError
        Headers of the series to measure say that its pixels cannot be used.
    MissingSlicesError
        Another series of the same acquisition shows slices that the stiffness series lacks, or there is a gap.
    GeometryError
        The slices are not one stack on one plausible grid, or the acquisition has two fields of view.
    ContradictoryImagesError
        Parts of a concatenation contradict each other.
    UnknownUnitError
        The unit of the pixels is not known or contradictory.
    LossyPixelsError, InvalidInputError
        Pixels cannot be decoded, or results could not refer to the images: what `requirements` raises.
    """
    stiffness = choice.stiffness
    elsewhere = other_exam_notes(stiffness.series, rules, requested=requested)
    _check_copies(choice)
    check_concatenations(stiffness.series.instances, "stiffness series")
    if choice.confidence is not None:
        check_concatenations(choice.confidence.instances, "confidence map")
    _check_complete(choice, candidate, companions)
    series = stiffness.series
    ordered = order_slices(series.instances)
    if choice.confidence is not None:
        _check_no_slice_is_missing(series, choice.confidence, "confidence map")
    check_pixel_headers((*ordered, *(choice.confidence.instances if choice.confidence else ())))
    check_referable(ordered)
    if candidate.whole is not None:
        series = replace(series, instances=ordered)
    magnitudes, notes = _magnitudes(choice, candidate, companions)
    for companion, name in _companions(choice, magnitudes):
        if broken_element(companion, series) is None and grid_offset(series.first, companion.series.first) is None:
            check_extent(series, companion.series, name)
    by_number = choice.options[0].paired_by_number
    if choice.confidence is not None:
        images_of_slices(choice.confidence, ordered, paired_by_number=by_number)
    units = resolve_units(series, stiffness.role, rules, kpa_per_count=kpa_per_count)
    unmasked, unmasked_units, left_out = _unmasked(choice, candidate, rules, kpa_per_count=kpa_per_count)
    twin, twin_units = (None, ()) if requested else _twin(choice, candidate, rules, kpa_per_count=kpa_per_count)
    varies = len({(unit.kpa_per_count, unit.offset_kpa) for unit in units}) > 1
    maps = ScannerMaps(
        stiffness=series,
        masked=choice.masked,
        unit=unit_in_one_line(units),
        slice_units=units if varies else (),
        confidence=choice.confidence,
        confidence_per_count=choice.options[0].scale,
        paired_by_number=by_number,
        unmasked=unmasked,
        unmasked_units=unmasked_units,
        twin=twin,
        twin_units=twin_units,
    )
    acquisition = Acquisition(
        series=series,
        maps=maps,
        magnitude=_joined(magnitudes),
        phases=tuple(one.series for one in companions.of_candidate(candidate) if one.role is Role.PHASE),
        notes=(
            *choice.notes,
            *elsewhere,
            *sparse_stack_note(ordered),
            *notes,
            *left_out,
            *joined_notes(series, choice.confidence, _joined(magnitudes)),
            *_copies_notes(choice, candidate, magnitudes, companions),
        ),
    )
    return PlannedAcquisition(choice, acquisition, magnitudes)


def _copies_notes(
    choice: Choice, candidate: Candidate, magnitudes: tuple[MreSeries, ...], companions: Companions
) -> tuple[str, ...]:
    """Say of which series of the acquisition the input holds copies."""
    phases = companions.of(Role.PHASE, *candidate.clusters)
    maps = [option.confidence for option in choice.options if option.confidence is not None]
    return copies_notes(*(one.entry for one in dict.fromkeys((*candidate.members, *maps, *magnitudes, *phases))))


def _check_copies(choice: Choice) -> None:
    images = (*choice.stiffness.series.instances, *(choice.confidence.instances if choice.confidence else ()))
    if any(image.conflicting for image in images):
        raise ConflictingFilesError


def _check_complete(choice: Choice, candidate: Candidate, companions: Companions) -> None:
    stiffness, cluster = choice.stiffness, _home(candidate)
    others = [
        (one, name)
        for role, name in _SAME_SLICES.items()
        for one in list(best_matches(stiffness, companions.of(role, cluster)))[:1]
    ]
    others += [(one, _TWINS[one.role]) for one in cluster.members if one.role is not stiffness.role]
    for other, name in others:
        _check_no_slice_is_missing(stiffness.series, other.series, name)
    if candidate.whole is not None or len(distinct_distances_mm(stiffness.series)) == 1:
        check_breath_holds(candidate, choice.stiffness, companions)


def _check_no_slice_is_missing(stiffness: Series, other: Series, name: str) -> None:
    if missing := missing_slices(stiffness, other):
        raise MissingSlicesError(missing_message(missing, f"The {name} of the same slices has more."))


def _home(candidate: Candidate) -> Cluster:
    """Return the cluster that companions with all slices belong to."""
    return candidate.whole or candidate.parts[0]


def _magnitudes(
    choice: Choice, candidate: Candidate, companions: Companions
) -> tuple[tuple[MreSeries, ...], tuple[str, ...]]:
    """Find the magnitude series, or one for each slice; ambiguity is only noted, since nothing is measured in them."""
    found = best_matches(choice.stiffness, companions.of(Role.MAGNITUDE, _home(candidate)))
    if not found and candidate.whole is not None:
        of_slices = [
            best_matches(one.stiffness, companions.of(Role.MAGNITUDE, candidate.part_of(one.stiffness)))
            for one in choice.options
        ]
        return (tuple(chain(*of_slices)) if all(len(one) == 1 for one in of_slices) else ()), ()
    if len(found) == 1:
        return tuple(found), ()
    if found or companions.contested_of(Role.MAGNITUDE, candidate):
        return (), (
            "More than one magnitude series could belong to this acquisition, so none is used; send the right one.",
        )
    return (), tuple(
        f"The magnitude in series {one.number} is left out: {why_apart(one, candidate.members)}."
        for one in companions.unassigned
        if one.role is Role.MAGNITUDE
    )


def _unmasked(
    choice: Choice,
    candidate: Candidate,
    rules: ScannerRules,
    *,
    kpa_per_count: float | None,
) -> tuple[Series | None, tuple[UnitEvidence, ...], tuple[str, ...]]:
    """Find the one unmasked twin of a masked stiffness series, its units, and why it is left out."""
    if choice.confidence_source is not ConfidenceSource.MASKED:
        return None, (), ()
    twins = [candidate.part_of(option.stiffness).of(Role.STIFFNESS) for option in choice.options]
    series = _joined(tuple(found[0] for found in twins)) if all(len(found) == 1 for found in twins) else None
    if series is None:
        return None, (), ()
    without = f"The unmasked stiffness (series {series.series_number}) is not used:"
    if any(image.conflicting for image in series.instances):
        return None, (), (f"{without} files of it contradict each other.",)
    try:
        units = resolve_units(series, Role.STIFFNESS, rules, kpa_per_count=kpa_per_count)
    except UnknownUnitError:
        return None, (), (f"{without} its unit is unknown, or its header contradicts itself.",)
    return series, units, ()


def _twin(
    choice: Choice, candidate: Candidate, rules: ScannerRules, *, kpa_per_count: float | None
) -> tuple[Series | None, tuple[UnitEvidence, ...]]:
    """Find the other one of two series of which only pixels tell which is masked, and its units."""
    if candidate.whole is not None or choice.stiffness.role is not Role.STIFFNESS_MASK_UNKNOWN:
        return None, ()
    others = [one for one in candidate.parts[0].of(Role.STIFFNESS_MASK_UNKNOWN) if one is not choice.stiffness]
    if len(others) != 1:
        return None, ()
    try:
        return others[0].series, resolve_units(others[0].series, others[0].role, rules, kpa_per_count=kpa_per_count)
    except UnknownUnitError:
        return None, ()


def _joined(members: tuple[MreSeries, ...]) -> Series | None:
    if len(members) > 1:
        return join_slices(members).series
    return members[0].series if members else None


def _companions(choice: Choice, magnitudes: tuple[MreSeries, ...]) -> list[tuple[MreSeries, str]]:
    maps = [option.confidence for option in choice.options if option.confidence is not None]
    return [*((one, "confidence map") for one in maps), *((one, "magnitude series") for one in magnitudes)]
