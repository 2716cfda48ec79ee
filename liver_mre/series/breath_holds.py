"""Whether an exam of one series a slice is complete: no companion shows a slice beyond its ends."""

from __future__ import annotations

import math
from itertools import chain
from typing import TYPE_CHECKING, Final

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
    alike = [one for one in {one.uid: one for one in every}.values() if same_names(one, candidate.members[0])]
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


def _continues(stack: Series, one: Series) -> bool:
    """Tell whether the single slice of a series is the next one of a stack, at either end.

    Frames of reference are not compared: they may be what tears the slices of one exam apart.
    """
    images = in_slice_order(stack.instances)
    first, last, image = images[0], images[-1], one.first
    if len(distinct_distances_mm(one)) != 1 or not same_orientation(first, image):
        return False
    if first.position_mm is None or last.position_mm is None or image.position_mm is None:
        return False
    steps = len(distinct_distances_mm(stack)) - 1
    if not steps:  # nothing tells the step
        return STEP_MM[0] < math.dist(first.position_mm, image.position_mm) <= STEP_MM[1]
    step_mm = [(there - here) / steps for here, there in zip(first.position_mm, last.position_mm, strict=True)]
    if math.sqrt(dot(step_mm, step_mm)) < STEP_MM[0]:
        return False
    nexts = (
        [here - step for here, step in zip(first.position_mm, step_mm, strict=True)],
        [here + step for here, step in zip(last.position_mm, step_mm, strict=True)],
    )
    return any(math.dist(place, image.position_mm) < SAME_POSITION_MM for place in nexts)


def _lies_among(stack: Series, one: Series) -> bool:
    """Tell whether the single slice of a series lies between those of a stack, or nearer to its ends than a step."""
    images = in_slice_order(stack.instances)
    first, last, image = images[0].position_mm, images[-1].position_mm, one.first.position_mm
    if len(distinct_distances_mm(one)) != 1 or not same_orientation(images[0], one.first):
        return False
    if first is None or last is None or image is None or len(images) == 1:
        return False
    length_mm = math.dist(first, last)
    if length_mm < STEP_MM[0]:
        return False
    along = [(there - here) / length_mm for here, there in zip(first, last, strict=True)]
    away = [there - here for here, there in zip(first, image, strict=True)]
    distance_mm = dot(along, away)
    aside_mm = math.dist(away, [distance_mm * part for part in along])
    step_mm = length_mm / (len(images) - 1)
    own = [dot(along, [a - b for a, b in zip(each.position_mm or first, first, strict=True)]) for each in images]
    return (
        aside_mm < SAME_POSITION_MM
        and -step_mm < distance_mm < length_mm + step_mm
        and all(abs(distance_mm - each) > SAME_POSITION_MM for each in own)
    )
