"""Which stiffness series of an acquisition is measured: unmasked with a confidence map, or else masked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from liver_mre.errors import AmbiguousSeriesError, NoConfidenceError, UnknownUnitError
from liver_mre.series.confidence_scale import confidence_scale
from liver_mre.series.grouping import by_position, join_slices
from liver_mre.series.options import ConfidenceSource, MeasurementOption, ambiguous_message, listed, measurement_options
from liver_mre.series.pairing import broken_element, why_apart
from liver_mre.series.roles import Role
from liver_mre.series.stack import order_slices
from liver_mre.studies.geometry import images_at
from liver_mre.studies.study import Series

if TYPE_CHECKING:
    from collections.abc import Sequence

    from liver_mre.series.grouping import Candidate, Cluster, Companions
    from liver_mre.series.pairing import MreSeries
    from liver_mre.series.scanner_rules import ScannerRules

DIFFERENT_CONFIDENCE_SCALES: Final = (
    "The confidence maps of the breath-holds do not all have the same scale. Nothing was measured."
)
_ROLE: Final = {
    ConfidenceSource.MAP: Role.STIFFNESS,
    ConfidenceSource.MAP_MASKING_UNKNOWN: Role.STIFFNESS_MASK_UNKNOWN,
    ConfidenceSource.MASKED: Role.STIFFNESS_MASKED,
    ConfidenceSource.MASKING_UNKNOWN: Role.STIFFNESS_MASK_UNKNOWN,
}
_TWINS: Final = 2  # unmasked and masked stiffness of an acquisition whose headers do not say which is which


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """The stiffness to measure: one series, or one for each slice, joined.

    Attributes
    ----------
    stiffness : the series to measure
    options : the options that it was joined from
    confidence : the confidence map, images in no particular order; None for a masked series
    replaced : earlier series of slices that were acquired again
    notes : remarks for the reader of the result
    """

    confidence_source: ConfidenceSource
    stiffness: MreSeries
    options: tuple[MeasurementOption, ...]
    confidence: Series | None = None
    replaced: tuple[MreSeries, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def masked(self) -> bool | None:
        """Whether pixels under 95 % confidence are already zero; None if only the pixels can tell."""
        return (
            None
            if self.confidence_source is ConfidenceSource.MASKING_UNKNOWN
            else self.confidence_source is ConfidenceSource.MASKED
        )


def choose(
    candidate: Candidate, companions: Companions, rules: ScannerRules, *, series_uid: str | None = None
) -> tuple[Choice, ...]:
    """Choose the stiffness series of an acquisition to measure.

    Parameters
    ----------
    candidate, companions : from `grouping`
    rules : scanner rules, for the scale of the confidence map
    series_uid : stiffness series of the acquisition that the user asked for, if any

    Returns
    -------
    One choice; two if headers do not say which of two series is masked, so that only their pixels can tell.

    Raises
    ------
    AmbiguousSeriesError
        Several series could be measured and nothing tells them apart.
    GeometryError, MissingSlicesError
        No confidence map matches a stiffness series, and its own slices are not a stack.
    NoConfidenceError
        The confidence of the pixels is not known.
    """
    if candidate.whole is not None:
        return _choose_joined(candidate, companions, rules, series_uid)
    (cluster,) = candidate.parts
    if series_uid is not None:
        return (_requested(series_uid, cluster, companions, rules),)
    options = measurement_options(cluster, companions.of(Role.CONFIDENCE, cluster), rules)
    contested = companions.contested_of(Role.CONFIDENCE, candidate)
    if contested and (not options or options[0].confidence_source is ConfidenceSource.MASKING_UNKNOWN):
        raise AmbiguousSeriesError(_contested_message(contested, candidate))
    if not options:
        for member in candidate.members:
            order_slices(member.series.instances)  # a broken geometry may be why no map matches
        raise NoConfidenceError(_no_confidence(candidate.members, cluster, companions, rules))
    source = options[0].confidence_source
    candidates = cluster.of(_ROLE[source])
    if len(candidates) > (_TWINS if _ROLE[source] is Role.STIFFNESS_MASK_UNKNOWN else 1):
        raise AmbiguousSeriesError(ambiguous_message(candidates))
    note = _contested_note(contested)
    if options[0].confidence is None:
        note += _unusable_maps(cluster, companions, rules)
    return tuple(_single(option, note) for option in options if option.confidence_source is source)


def _choose_joined(
    candidate: Candidate, companions: Companions, rules: ScannerRules, series_uid: str | None
) -> tuple[Choice, ...]:
    """Choose one series for each slice, all with one confidence source; of repeated slices the later one."""
    shared = companions.of(Role.CONFIDENCE, candidate.clusters[-1])
    # A map of all slices may carry a single time. That is ignored for a slice that was acquired once; for a repeated
    # slice the times must tell which repeat the map shows.
    timeless = [replace(one, evidence=replace(one.evidence, seconds=None)) for one in shared]
    places = []
    for place in by_position(candidate.parts):
        maps = timeless if len(place) == 1 else shared
        places.append(
            [measurement_options(part, [*companions.of(Role.CONFIDENCE, part), *maps], rules) for part in place]
        )
    for source in _preferred_sources(candidate, series_uid):
        chosen = [found for place in places if (found := _latest(place, source, series_uid))]
        if len(chosen) == len(places):
            return (_join(chosen, candidate),)
    raise NoConfidenceError(_no_confidence(candidate.members, candidate.clusters[-1], companions, rules))


def _preferred_sources(candidate: Candidate, series_uid: str | None) -> list[ConfidenceSource]:
    """Order the confidence sources by preference, masked first if the user asked for a masked series."""
    masked = any(one.uid == series_uid and one.role is Role.STIFFNESS_MASKED for one in candidate.members)
    first = ConfidenceSource.MASKED if masked else ConfidenceSource.MAP
    return sorted(ConfidenceSource, key=lambda source: (source is not first, source))


def _latest(
    place: Sequence[Sequence[MeasurementOption]], source: ConfidenceSource, series_uid: str | None
) -> MeasurementOption | None:
    """Return the option of the last acquisition of a slice.

    None for two series whose masking is unknown: the pixels of a single slice do not tell which is masked.
    """
    # A single image has no order, so a map with broken geometry cannot be paired by number.
    found = [
        option
        for options in place
        for option in options
        if option.confidence_source is source and not option.paired_by_number
    ]
    last = max(found, key=lambda option: (option.stiffness.uid == series_uid, option.stiffness.age), default=None)
    if source is not ConfidenceSource.MASKING_UNKNOWN:
        return last
    return None if any(last in options and _has_twins(options) for options in place) else last


def _has_twins(options: Sequence[MeasurementOption]) -> bool:
    return sum(option.confidence_source is ConfidenceSource.MASKING_UNKNOWN for option in options) > 1


def _join(chosen: Sequence[MeasurementOption], candidate: Candidate) -> Choice:
    stiffness = join_slices([option.stiffness for option in chosen])
    scales = {option.scale for option in chosen}
    if len(scales) > 1:
        raise UnknownUnitError(DIFFERENT_CONFIDENCE_SCALES)
    replaced = _replaced(chosen, candidate)
    numbers = ", ".join(str(number) for number in sorted({option.stiffness.number for option in chosen}))
    notes = [f"The slices were acquired breath-hold by breath-hold and joined from the series {numbers}."]
    if replaced:
        again = ", ".join(str(member.number) for member in replaced)
        notes.append(f"Slices were acquired again: the later ones were measured instead of series {again}.")
    confidence = None
    if chosen[0].confidence is not None:
        first = min((option.confidence for option in chosen if option.confidence), key=lambda m: m.order)
        images = tuple(
            image
            for option in chosen
            if option.confidence is not None
            for image in images_at(option.confidence.series, option.stiffness.series.first)
        )
        confidence = Series(first.uid, first.number, images)
    return Choice(chosen[0].confidence_source, stiffness, tuple(chosen), confidence, replaced, tuple(notes))


def _replaced(chosen: Sequence[MeasurementOption], candidate: Candidate) -> tuple[MreSeries, ...]:
    """Return the series of slices that were acquired again later, without the twins of what is measured."""
    used = {option.stiffness for option in chosen}
    if chosen[0].confidence_source in {ConfidenceSource.MASKING_UNKNOWN, ConfidenceSource.MAP_MASKING_UNKNOWN}:
        earlier = [member for part in candidate.parts if not used & set(part.members) for member in part.members]
    else:
        earlier = [member for member in candidate.members if member not in used]
    return tuple(member for member in earlier if member.role is chosen[0].stiffness.role)


def _requested(series_uid: str, cluster: Cluster, companions: Companions, rules: ScannerRules) -> Choice:
    asked = next(member for member in cluster.members if member.uid == series_uid)
    if asked.role is Role.STIFFNESS_MASKED:
        return _single(MeasurementOption(ConfidenceSource.MASKED, asked), ())
    options = measurement_options(cluster, companions.of(Role.CONFIDENCE, cluster), rules)
    own = next((option for option in options if option.stiffness is asked), None)
    if own is not None:
        return _single(own, ())
    masked = cluster.of(Role.STIFFNESS_MASKED)
    if not masked:
        raise NoConfidenceError(_no_confidence([asked], cluster, companions, rules))
    nearest = min(abs(member.number - asked.number) for member in masked)
    near = [member for member in masked if abs(member.number - asked.number) == nearest]
    if len(near) > 1:
        raise AmbiguousSeriesError(ambiguous_message(near))
    note = f"Series {asked.number} was asked for and has no confidence map; its masked stiffness was measured."
    return _single(MeasurementOption(ConfidenceSource.MASKED, near[0]), (note,))


def _single(option: MeasurementOption, notes: tuple[str, ...]) -> Choice:
    confidence = option.confidence
    if confidence is not None:
        notes += _map_notes(option, confidence)
    if option.confidence_source is ConfidenceSource.MAP_MASKING_UNKNOWN:
        notes += ("The headers do not say whether the stiffness is masked; the confidence map decides.",)
    return Choice(
        option.confidence_source, option.stiffness, (option,), confidence.series if confidence else None, notes=notes
    )


def _map_notes(option: MeasurementOption, confidence: MreSeries) -> tuple[str, ...]:
    if option.paired_by_number:
        wrong = broken_element(confidence, option.stiffness.series)
        note = (
            f"The geometry of the confidence map (series {confidence.number}) is broken: {wrong}. Its images were "
            "matched with the stiffness images by the order of their numbers."
        )
        return (note,)
    return ()


def _contested_note(contested: Sequence[MreSeries]) -> tuple[str, ...]:
    return tuple(
        f"The confidence map in series {one.number} could belong to more than one acquisition and was not used."
        for one in contested
    )


def _unusable_maps(cluster: Cluster, companions: Companions, rules: ScannerRules) -> tuple[str, ...]:
    """Name the confidence maps of a cluster whose scale is not known."""
    return tuple(
        f"The confidence map in series {one.number} was not used: the scale of its values is not known or "
        "contradictory (RealWorldValueMappingSequence, RescaleType, RescaleSlope, WindowCenter)."
        for one in companions.of(Role.CONFIDENCE, cluster)
        if confidence_scale(one.series, rules) is None
    )


def _contested_message(contested: Sequence[MreSeries], candidate: Candidate) -> str:
    maps = "map" if len(contested) == 1 else "maps"
    return (
        f"The confidence {maps} {listed(contested)} could belong to more than one stiffness series, for example to "
        f"{listed(candidate.members)}. Name the one to measure with --series UID."
    )


def _no_confidence(
    stiffness: Sequence[MreSeries], cluster: Cluster, companions: Companions, rules: ScannerRules
) -> str:
    """Say that confidence is not known, and why each confidence map of the study was not used."""
    numbers = ", ".join(str(member.number) for member in stiffness)
    message = (
        f"Nothing says which pixels of stiffness series {numbers} are at least 95 % confident: there is no stiffness "
        "series masked at 95 % and no confidence map of the same slices. Send that series too."
    )
    message = " ".join((message, *_unusable_maps(cluster, companions, rules)))
    for one in companions.unassigned:
        if one.role is Role.CONFIDENCE:
            message += f" The confidence map in series {one.number} was not used: {why_apart(one, stiffness)}."
    return message
