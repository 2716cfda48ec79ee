"""Whether an exam of one series a slice is complete: no companion shows a slice beyond its ends."""

from __future__ import annotations

import math
from itertools import chain
from typing import TYPE_CHECKING, Final, NamedTuple

from liver_mre.errors import MissingSlicesError
from liver_mre.series.pairing import same_names
from liver_mre.series.stack import missing_message
from liver_mre.studies.geometry import SAME_POSITION_MM, distinct_distances_mm, dot, in_slice_order, same_orientation

if TYPE_CHECKING:
    from liver_mre.series.grouping import Candidate, Companions
    from liver_mre.series.pairing import MreSeries
    from liver_mre.studies.study import Series

STEP_MM: Final = (1.0, 25.0)
"""Ours: slices of MR elastography lie several mm apart, and never further than this."""


def check_breath_holds(candidate: Candidate, stiffness: MreSeries, companions: Companions) -> None:
    """Refuse slices whose stack has others beside or between them in a companion series of one slice.

    A lost, damaged or differing stiffness series at an end of the stack leaves no gap, nor do every second ones; their
    confidence map, magnitude, phases or waves still show them.

    Parameters
    ----------
    candidate : the candidate, joined of one series a slice, or of one slice
    stiffness : its stiffness
    companions : all companions of the study, whichever acquisition they were assigned to

    Raises
    ------
    MissingSlicesError
        A companion of the same sequence and protocol shows the next slice, or one between.
    """
    every = chain(*companions.assigned.values(), *companions.contested.values(), companions.unassigned)
    alike = [
        one
        for one in {one.uid: one for one in every}.values()
        if same_names(one, candidate.members[0])
        and len(distinct_distances_mm(one.series)) == 1
        and same_orientation(stiffness.series.first, one.series.first)
    ]
    alone = {one.uid for one in companions.unassigned}
    beyond = [
        one
        for one in alike
        if _continues(stiffness.series, one.series) or (one.uid in alone and _lies_among(stiffness.series, one.series))
    ]
    if not beyond:
        return
    names = ", ".join(f"{one.role.replace('_', ' ')} series {one.number}" for one in beyond)
    lost = len({round(distinct_distances_mm(one.series)[0] / SAME_POSITION_MM) for one in beyond})
    where, have = "1 slice" if lost == 1 else f"{lost} slices", "has" if len(beyond) == 1 else "have"
    evidence = (
        f"The exam has one series a slice, and {names} of {where} beside or between them {have} no stiffness series: "
        "it was lost, or differs from the others in size, PixelSpacing, frame of reference, sequence or protocol name."
    )
    raise MissingSlicesError(missing_message(lost, evidence))


class _Place(NamedTuple):
    """Where a slice lies in a stack, in mm."""

    along: float  # from the first slice towards the last one
    aside: float  # from the line through both
    step: float  # between slices of the stack
    own: tuple[float, ...]  # where the slices of the stack lie along the line

    def is_at(self, along: float) -> bool:
        return math.hypot(self.along - along, self.aside) < SAME_POSITION_MM


def _continues(stack: Series, one: Series) -> bool:
    """Tell whether the single slice of a series is the next one of a stack, at either end.

    Frames of reference are not compared: they may be what tears the slices of one exam apart.
    """
    if len(distinct_distances_mm(stack)) == 1:  # nothing tells the step
        here, there = stack.first.position_mm, one.first.position_mm
        if here is None or there is None:
            return False
        return STEP_MM[0] < math.dist(here, there) <= STEP_MM[1]
    place = _place(stack, one)
    return place is not None and (place.is_at(-place.step) or place.is_at(place.own[-1] + place.step))


def _lies_among(stack: Series, one: Series) -> bool:
    """Tell whether the single slice of a series lies between those of a stack, or nearer to its ends than a step."""
    place = _place(stack, one)
    return (
        place is not None
        and place.aside < SAME_POSITION_MM
        and -place.step < place.along < place.own[-1] + place.step
        and all(abs(place.along - own) > SAME_POSITION_MM for own in place.own)
    )


def _place(stack: Series, one: Series) -> _Place | None:
    """Return where the single slice of a series lies in a stack; None if nothing tells."""
    images = in_slice_order(stack.instances)
    positions = [image.position_mm for image in images if image.position_mm is not None]
    target, steps = one.first.position_mm, len(distinct_distances_mm(stack)) - 1
    if len(positions) < len(images) or target is None or not steps:
        return None
    first = positions[0]
    length = math.dist(first, positions[-1])
    if length / steps < STEP_MM[0]:
        return None
    line = [(there - here) / length for here, there in zip(first, positions[-1], strict=True)]
    away = [there - here for here, there in zip(first, target, strict=True)]
    along = dot(line, away)
    aside = math.dist(away, [along * part for part in line])
    own = (dot(line, [there - here for here, there in zip(first, each, strict=True)]) for each in positions)
    return _Place(along, aside, length / steps, tuple(own))
