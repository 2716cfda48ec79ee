"""What of one acquisition is measured: its unmasked stiffness with the confidence map, or else its masked one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from liver_mre.errors import AmbiguousSeriesError, NoConfidenceError, UnknownUnitError
from liver_mre.series.confidence_scale import confidence_scale
from liver_mre.series.grouping import by_position, join
from liver_mre.series.options import ConfidenceKnownBy, Option, ambiguous_message, listed, options_of
from liver_mre.series.pairing import broken_element
from liver_mre.series.roles import Role
from liver_mre.series.stack import order_slices
from liver_mre.studies.geometry import SAME_POSITION_MM, distinct_distances_mm, missing_slices, slice_distance_mm
from liver_mre.studies.study import Series

if TYPE_CHECKING:
    from collections.abc import Sequence

    from liver_mre.series.grouping import Candidate, Cluster, Companions
    from liver_mre.series.pairing import MreSeries
    from liver_mre.series.scanner_rules import ScannerRules
    from liver_mre.studies.study import Instance

DIFFERENT_CONFIDENCE_SCALES: Final = (
    "The confidence maps of the breath-holds do not all have the same scale. Nothing was measured."
)
_ROLE: Final = {
    ConfidenceKnownBy.WITH_MAP: Role.STIFFNESS,
    ConfidenceKnownBy.UNNAMED_WITH_MAP: Role.STIFFNESS_MASK_UNKNOWN,
    ConfidenceKnownBy.MASKED: Role.STIFFNESS_MASKED,
    ConfidenceKnownBy.UNNAMED: Role.STIFFNESS_MASK_UNKNOWN,
}
_TWINS: Final = 2  # the unmasked and the masked stiffness of an acquisition, where headers do not say which is which


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """What is measured, put together from one series or from one series for every slice.

    Attributes
    ----------
    stiffness : the one to measure
    options : what it was made of
    confidence : the separate map, images in no particular order; None for a masked series
    replaced : series of slices that were acquired again
    notes : what a reader of the result should know
    """

    kind: ConfidenceKnownBy
    stiffness: MreSeries
    options: tuple[Option, ...]
    confidence: Series | None = None
    replaced: tuple[MreSeries, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def masked(self) -> bool | None:
        """Whether pixels under 95 % confidence are zero already; None if nothing but the pixels can tell."""
        return None if self.kind is ConfidenceKnownBy.UNNAMED else self.kind is ConfidenceKnownBy.MASKED


def choose(
    candidate: Candidate, companions: Companions, rules: ScannerRules, *, series_uid: str | None = None
) -> tuple[Choice, ...]:
    """Choose what of an acquisition is measured.

    Parameters
    ----------
    acquisition, claims : from `grouping`
    rules : scanner rules, for the scale of the confidence map
    series_uid : a stiffness series of the acquisition that the user asked for

    Returns
    -------
    One choice; two where headers do not say which of two series is masked, so that only their pixels can tell.

    Raises
    ------
    AmbiguousSeriesError
        Two series serve equally well and nothing tells them apart.
    GeometryError, MissingSlicesError
        Nothing goes with a stiffness series, and its own slices are no stack.
    NoConfidenceError
        Nothing says how confident the pixels are.
    """
    if candidate.whole is not None:
        return _choose_joined(candidate, companions, rules, series_uid)
    (cluster,) = candidate.parts
    if series_uid is not None:
        return (_asked_for(series_uid, cluster, companions, rules),)
    options = options_of(cluster, companions.of(Role.CONFIDENCE, cluster), rules)
    contested = companions.contested_of(Role.CONFIDENCE, candidate)
    if contested and (not options or options[0].kind is ConfidenceKnownBy.UNNAMED):
        raise AmbiguousSeriesError(_contested_message(contested, candidate))
    if not options:
        for member in candidate.members:
            order_slices(member.series.instances)  # a broken geometry may be why no map goes with it
        raise NoConfidenceError(_no_confidence(candidate.members, cluster, companions, rules))
    kind = options[0].kind
    candidates = cluster.of(_ROLE[kind])
    if len(candidates) > (_TWINS if _ROLE[kind] is Role.STIFFNESS_MASK_UNKNOWN else 1):
        raise AmbiguousSeriesError(ambiguous_message(candidates))
    note = _contested_note(contested)
    if options[0].confidence is None:
        note += _unusable_maps(cluster, companions, rules)
    return tuple(_single(option, note) for option in options if option.kind is kind)


def _choose_joined(
    candidate: Candidate, companions: Companions, rules: ScannerRules, series_uid: str | None
) -> tuple[Choice, ...]:
    """Choose one series for every slice, all of one kind; where a slice was acquired twice, the later one counts."""
    shared = companions.of(Role.CONFIDENCE, candidate.clusters[-1])
    # A map of all slices may carry one time. It is trusted with a slice that was acquired once, and of two
    # acquisitions of a slice its times have to say which it shows.
    timeless = [replace(one, evidence=replace(one.evidence, seconds=None)) for one in shared]
    places = []
    for place in by_position(candidate.parts):
        maps = timeless if len(place) == 1 else shared
        places.append([options_of(part, [*companions.of(Role.CONFIDENCE, part), *maps], rules) for part in place])
    for kind in _kinds_first(candidate, series_uid):
        chosen = [found for place in places if (found := _latest(place, kind, series_uid))]
        if len(chosen) == len(places):
            return (_join(chosen, candidate),)
    raise NoConfidenceError(_no_confidence(candidate.members, candidate.clusters[-1], companions, rules))


def _kinds_first(candidate: Candidate, series_uid: str | None) -> list[ConfidenceKnownBy]:
    """Order the kinds by preference, the masked one first if the user named a masked series."""
    asked = next((member for member in candidate.members if member.uid == series_uid), None)
    first = (
        ConfidenceKnownBy.MASKED
        if asked is not None and asked.role is Role.STIFFNESS_MASKED
        else ConfidenceKnownBy.WITH_MAP
    )
    return sorted(ConfidenceKnownBy, key=lambda kind: (kind is not first, kind))


def _latest(place: Sequence[Sequence[Option]], kind: ConfidenceKnownBy, series_uid: str | None) -> Option | None:
    """Return what the last acquisition of a slice offers.

    Of two unnamed series of one slice only pixels can tell which is masked, and not for every slice on its own.
    """
    # One image has no order, so a map of broken geometry cannot be matched with it.
    found = [option for options in place for option in options if option.kind is kind and not option.by_number]
    last = max(found, key=lambda option: _age(option, series_uid), default=None)
    twins = [options for options in place if sum(option.kind is ConfidenceKnownBy.UNNAMED for option in options) > 1]
    return None if kind is ConfidenceKnownBy.UNNAMED and any(last in options for options in twins) else last


def _age(option: Option, series_uid: str | None) -> tuple[bool, tuple[float, int, str]]:
    return option.stiffness.uid == series_uid, option.stiffness.age


def _join(chosen: Sequence[Option], candidate: Candidate) -> Choice:
    stiffness = join([option.stiffness for option in chosen])
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
        first = min((option.confidence for option in chosen if option.confidence), key=lambda m: (m.number, m.uid))
        images = tuple(image for option in chosen for image in _map_images(option))
        confidence = Series(first.uid, first.number, images)
    return Choice(chosen[0].kind, stiffness, tuple(chosen), confidence, replaced, tuple(notes))


def _replaced(chosen: Sequence[Option], candidate: Candidate) -> tuple[MreSeries, ...]:
    """Return the series of slices that were acquired again later; twins of what is measured are none."""
    used = {option.stiffness for option in chosen}
    if chosen[0].kind in {ConfidenceKnownBy.UNNAMED, ConfidenceKnownBy.UNNAMED_WITH_MAP}:
        earlier = [member for part in candidate.parts if not used & set(part.members) for member in part.members]
    else:
        earlier = [member for member in candidate.members if member not in used]
    return tuple(member for member in earlier if member.role is chosen[0].stiffness.role)


def _map_images(option: Option) -> list[Instance]:
    """Return the images of an option's confidence map at the one position of its stiffness series."""
    (place_mm,) = distinct_distances_mm(option.stiffness.series)
    images = option.confidence.series.instances if option.confidence else ()
    return [
        image
        for image in images
        if (distance_mm := slice_distance_mm(image)) is not None and abs(distance_mm - place_mm) < SAME_POSITION_MM
    ]


def _asked_for(series_uid: str, cluster: Cluster, companions: Companions, rules: ScannerRules) -> Choice:
    asked = next(member for member in cluster.members if member.uid == series_uid)
    if asked.role is Role.STIFFNESS_MASKED:
        return _single(Option(ConfidenceKnownBy.MASKED, asked), ())
    options = options_of(cluster, companions.of(Role.CONFIDENCE, cluster), rules)
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
    return _single(Option(ConfidenceKnownBy.MASKED, near[0]), (note,))


def _single(option: Option, notes: tuple[str, ...]) -> Choice:
    confidence = option.confidence
    if confidence is not None:
        notes += _map_notes(option, confidence)
    if option.kind is ConfidenceKnownBy.UNNAMED_WITH_MAP:
        notes += ("The headers do not say whether the stiffness is masked; the confidence map decides.",)
    return Choice(option.kind, option.stiffness, (option,), confidence.series if confidence else None, notes=notes)


def _map_notes(option: Option, confidence: MreSeries) -> tuple[str, ...]:
    if option.by_number:
        wrong = broken_element(confidence, option.stiffness.series)
        note = (
            f"The geometry of the confidence map (series {confidence.number}) is broken: {wrong}. Its images were "
            "matched with the stiffness images by the order of their numbers."
        )
        return (note,)
    missing = missing_slices(option.stiffness.series, confidence.series)
    if missing:
        more = "1 slice" if missing == 1 else f"{missing} slices"
        return (f"The confidence map (series {confidence.number}) shows {more} more than the stiffness series.",)
    return ()


def _contested_note(contested: Sequence[MreSeries]) -> tuple[str, ...]:
    return tuple(
        f"The confidence map in series {one.number} could belong to more than one acquisition and was not used."
        for one in contested
    )


def _unusable_maps(cluster: Cluster, companions: Companions, rules: ScannerRules) -> tuple[str, ...]:
    """Say of the confidence maps of a cluster whose scale is not known that they do not serve."""
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
    """Say that confidence is not known, and why each confidence map of the study does not tell it."""
    numbers = ", ".join(str(member.number) for member in stiffness)
    said = (
        f"Nothing says which pixels of stiffness series {numbers} are at least 95 % confident: there is no stiffness "
        "series masked at 95 % and no confidence map of the same slices. Send that series too."
    )
    said = " ".join((said, *_unusable_maps(cluster, companions, rules)))
    for one in companions.unclaimed:
        if one.role is Role.CONFIDENCE:
            said += (
                f" The confidence map in series {one.number} was not used: it shows other slices "
                "(ImagePositionPatient), or comes from another acquisition (AcquisitionTime, AcquisitionNumber, "
                "SequenceName, ProtocolName)."
            )
    return said
