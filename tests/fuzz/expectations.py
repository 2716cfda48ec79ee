"""The few changes that a number may follow, because nothing in the files could tell them from another patient.

1. Every place that tells the scale of every measured image tells it k times as large: the mean is k times as large.
   Scanners with a fixed scale (Siemens, GE) have no such place.
2. The same of the confidence map: the threshold is crossed at 1/k.
3. PixelSpacing is k times as large in every image of the study that has one: areas and margins in mm follow.
4. Every image of a position at an end of the stack is gone, from every series: the exam has a slice less.
5. One slice's pixels, of which the study holds no second copy that is undamaged, or its scale where each frame or
   series of one slice is scaled by itself, changed by up to a half in all places: slices of one patient differ by a
   fifth, the limit for a slice lies above, and a change against the patient's own gradient may be larger by as much.
   More must be refused.
6. Magnitudes of a study that has masked stiffness alone, or of which nothing else is usable, are in another order or
   place, or its stiffness is: no outline of the body tells. The mean must stay within a hundredth; and within half of
   one wherever magnitudes change: a few bright vessels count or do not.
7. Single pixels of a map were set, above 40 kPa or unlike all around: they are left out, a note says how many, and the
   mean is that of the others.
8. Nothing in a slice of the confidence map, or of the masked stiffness, is left: the slice is not measured, the others
   are.
9. Another stiffness map of the same patient, study, frame of reference and grid is there, and the own one cannot be
   read.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from itertools import permutations
from typing import TYPE_CHECKING, Final

import numpy as np

from tests.fuzz.pipeline import reference
from tests.fuzz.study import InapplicableError, MutableStudy
from tests.fuzz.told import EXACT, position_of, ratio, values_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from numpy.typing import NDArray

    from tests.fuzz.bases import Slot
    from tests.fuzz.mutations import Mutation
    from tests.fuzz.pipeline import Outcome

    Measure = Callable[..., Outcome]

INDISTINGUISHABLE: Final = (0.66, 1.5)
"""Ours: medians of the body differ by up to a fifth between neighbouring slices of the simulated cohort, and a limit
must lie above."""
SAME_MEAN: Final = 0.005
FEW_PIXELS: Final = 0.15
"""Pixels, and small patches of them, that a note names."""
MOST_SLICES: Final = 4
THRESHOLD: Final = 0.95
_SCALES: Final = ("RescaleSlope", "RealWorldValueSlope")
_OFFSETS: Final = ("RescaleIntercept", "RealWorldValueIntercept")


def expected(base_name: str, mutations: Sequence[Mutation], study: MutableStudy, measure: Measure) -> list[Outcome]:
    """Return the numbers that a mutated study may have beside the unmutated one's."""
    found = []
    for of_header in (_of_scale, _of_confidence, _of_spacing):
        with suppress(InapplicableError):  # a file that cannot be edited any more tells no scale
            found += of_header(base_name, study, measure)
    found += _of_lost_slices(base_name, study, measure)
    found += _of_lost_confidence(base_name, mutations, measure)
    scaled = [one for one in mutations if one.kind == "scale_pixels"]
    if len(scaled) == 1:
        damaged = {one.role for one in mutations if one is not scaled[0]}
        found += _of_pixels(base_name, scaled[0], measure, damaged=damaged)
    found += [_of_other_map(base_name, one, measure) for one in mutations if _brings_a_map(one) and len(mutations) > 1]
    if any(one.role in {"magnitude", "stiffness_masked", "*"} for one in mutations):
        found += _of_magnitude_order(base_name, study, measure, unnamed=_unnamed(mutations))
    return found


def left_out(outcome: Outcome, plain: Outcome, mutations: Sequence[Mutation]) -> bool:
    """Tell whether a result lacks no more than the pixels that were made impossible, and says so."""
    set_pixels = any(one.kind == "some_pixels" for one in mutations)
    if not set_pixels or outcome.mean_kpa is None or plain.mean_kpa is None:
        return False
    noted = any("which no tissue has" in note or "which no inversion gives" in note for note in outcome.notes)
    lost = 1.0 - outcome.area_cm2 / plain.area_cm2
    same_mean = abs(outcome.mean_kpa / plain.mean_kpa - 1.0) <= SAME_MEAN
    return noted and same_mean and 0.0 <= lost <= FEW_PIXELS and outcome.slices == plain.slices


def displaced(outcome: Outcome, plain: Outcome, mutations: Sequence[Mutation]) -> bool:
    """Tell whether a result differs by no more than what the liver's outline catches where nothing tells its place."""
    if outcome.mean_kpa is None or plain.mean_kpa is None:
        return False
    away = abs(outcome.mean_kpa / plain.mean_kpa - 1.0)
    area = outcome.area_cm2 / plain.area_cm2
    moved = any(one.role in {"stiffness_masked", "*"} and one.kind in _MOVED for one in mutations)
    magnitude = any(one.role in {"magnitude", "*"} for one in mutations)
    return (moved and away <= 2 * SAME_MEAN and LEAST_AREA <= area <= 1.0) or (
        magnitude and away <= SAME_MEAN and abs(area - 1.0) <= FEW_PIXELS
    )


_MOVED: Final = frozenset({"move_pixels", "permute_pixels"})
LEAST_AREA: Final = 0.7
"""The outline is that of the unmutated study, so that moved pixels leave it."""


def _measured_roles(study: MutableStudy) -> list[str]:
    return [role for role in ("stiffness", "stiffness_masked") if study.base.roles.get(role)]


def _of_scale(base_name: str, study: MutableStudy, measure: Measure) -> list[Outcome]:
    slots = [slot for role in _measured_roles(study) for slot in study.slots(role)]
    ratios = [ratio(study, slot, _SCALES) for slot in slots]
    if None in ratios or any(ratio(study, slot, _OFFSETS) not in {1.0, None} for slot in slots):
        return []
    factors = np.array(ratios, np.float64)
    if np.abs(factors - 1.0).max() <= EXACT:
        return []
    if np.ptp(factors) <= EXACT:
        return [_scaled(base_name, measure, dict(enumerate(np.full(len(factors), factors[0]))))]
    low, high = INDISTINGUISHABLE
    if (slots[0].frame is not None or "breath-holds" in base_name) and low <= factors.min() and factors.max() <= high:
        return [_scaled(base_name, measure, _by_slice(base_name, study, slots, factors))]
    return []


def _by_slice(base_name: str, study: MutableStudy, slots: Sequence[Slot], factors: np.ndarray) -> dict[int, float]:
    """Return the factor of each slice of the reference volume."""
    positions = reference(base_name).positions
    unmutated = MutableStudy(study.base)
    return {
        index: float(factor)
        for slot, factor in zip(slots, factors, strict=True)
        for index, position in enumerate(positions)
        if position is not None and position_of(unmutated, slot) == tuple(position)
    }


def _scaled(base_name: str, measure: Measure, factors: dict[int, float]) -> Outcome:
    def adjust(volume, liver):  # noqa: ANN001, ANN202 - as `pipeline.Adjust`
        factor = np.array([factors.get(place, 1.0) for place in range(len(liver))], np.float32)[:, None, None]
        return replace(volume, stiffness_kpa=volume.stiffness_kpa * factor), liver

    return measure(base_name, 1, adjust=adjust)


def _of_confidence(base_name: str, study: MutableStudy, measure: Measure) -> list[Outcome]:
    slots = study.slots("confidence")
    ratios = [ratio(study, slot, _SCALES) for slot in slots]
    if not slots or None in ratios or np.ptp(np.array(ratios, np.float64)) > EXACT:
        return []
    factor = float(ratios[0] or 1.0)
    changed = factor > THRESHOLD and abs(factor - 1.0) > EXACT  # otherwise the threshold would pass 1
    return [measure(base_name, 1, confidence_threshold=THRESHOLD / factor)] if changed else []


def _of_spacing(base_name: str, study: MutableStudy, measure: Measure) -> list[Outcome]:
    found = []
    for slot in study.slots("*"):
        before, after = (
            values_of(MutableStudy(study.base), slot, "PixelSpacing"),
            values_of(study, slot, "PixelSpacing"),
        )
        if before is None or before == [1.0, 1.0]:
            continue
        if after is None or len(after) != len(before):
            return []
        found.append([new / old for new, old in zip(after, before, strict=True)])
    if not found or np.ptp(np.array(found), axis=0).max() > EXACT:
        return []
    row, column = found[0]
    if max(abs(row - 1.0), abs(column - 1.0)) <= EXACT:
        return []

    def adjust(volume, liver):  # noqa: ANN001, ANN202 - as `pipeline.Adjust`
        spacing = volume.pixel_spacing_mm[0] * row, volume.pixel_spacing_mm[1] * column
        return replace(volume, pixel_spacing_mm=spacing), liver

    return [measure(base_name, 1, adjust=adjust)]


def _of_lost_slices(base_name: str, study: MutableStudy, measure: Measure) -> list[Outcome]:
    unmutated = MutableStudy(study.base)
    present = set(study.names())
    placed = [(slot, position_of(unmutated, slot)) for slot in unmutated.slots("*")]
    lost = {
        place
        for place in {place for _, place in placed if place is not None}
        if not any(slot.file in present for slot, other in placed if other == place)
    }
    gone = [index for index, place in enumerate(reference(base_name).positions) if place and tuple(place) in lost]
    if not gone:
        return []

    def adjust(volume, liver):  # noqa: ANN001, ANN202 - as `pipeline.Adjust`
        left = liver.copy()
        left[gone] = False
        return volume, left

    return [measure(base_name, 1, adjust=adjust)]


def _of_lost_confidence(base_name: str, mutations: Sequence[Mutation], measure: Measure) -> list[Outcome]:
    """Return the outcome without the slices whose confidence, or masked stiffness, was filled with nothing or noise."""
    study = MutableStudy(_base(base_name))
    filled = [
        slot
        for one in mutations
        if one.kind == "fill_pixels" and one.role in {"confidence", "stiffness_masked"} and one.args["value"] == 0
        for slot in one.slots(study)
    ]
    if not filled:
        return []
    lost = {position_of(study, slot) for slot in filled}
    gone = [index for index, place in enumerate(reference(base_name).positions) if place and tuple(place) in lost]

    def adjust(volume, liver):  # noqa: ANN001, ANN202 - as `pipeline.Adjust`
        confident = volume.confident.copy()
        confident[gone] = False
        return replace(volume, confident=confident), liver

    return [measure(base_name, 1, adjust=adjust)]


def _of_pixels(base_name: str, mutation: Mutation, measure: Measure, *, damaged: Collection[str]) -> list[Outcome]:
    low, high = INDISTINGUISHABLE
    study = MutableStudy(_base(base_name))
    slots, roles = mutation.slots(study), _measured_roles(study)
    if mutation.role not in roles or not {*roles} - {mutation.role} <= {*damaged}:
        return []
    places = _by_slice(base_name, study, slots, np.arange(len(slots)))
    if len(places) != len(slots):
        return []
    where = {slots[int(number)]: index for index, number in places.items()}
    factors = np.array([_factor(base_name, where[slot], study.pixels(slot), mutation) for slot in slots])
    every = len(slots) == len(study.base.roles[mutation.role])
    if not (every or (low <= factors.min() and factors.max() <= high)):
        return []
    return [_scaled(base_name, measure, _by_slice(base_name, study, slots, factors))]


def _factor(base_name: str, index: int, stored: NDArray[np.number], mutation: Mutation) -> float:
    """Return by how much the liver's mean in a slice is scaled."""
    stiffness_kpa, liver = reference(base_name).stiffness_kpa[index], reference(base_name).liver[index]
    kpa_per_count = float(stiffness_kpa.max() / stored.max())
    offset_kpa = mutation.args.get("delta", 0) * kpa_per_count
    return float(mutation.args.get("factor", 1.0) + offset_kpa / stiffness_kpa[liver & (stiffness_kpa > 0)].mean())


def _brings_a_map(mutation: Mutation) -> bool:
    args = mutation.args
    same = args.get("join") and args.get("patient")
    return bool(mutation.kind == "mix" and same and "stiffness" in args.get("roles", ["stiffness"]))


def _of_other_map(base_name: str, mutation: Mutation, measure: Measure) -> Outcome:
    maps = []

    def keep(volume, liver):  # noqa: ANN001, ANN202 - as `pipeline.Adjust`
        maps.append(volume.stiffness_kpa)
        return volume, liver

    def adjust(volume, liver):  # noqa: ANN001, ANN202 - as `pipeline.Adjust`
        return replace(volume, stiffness_kpa=maps[0]), liver

    other = measure(mutation.args["base"], mutation.args["seed"], adjust=keep)
    return measure(base_name, 1, adjust=adjust) if maps else other


def _unnamed(mutations: Sequence[Mutation]) -> bool:
    """Tell whether nothing names the unmasked stiffness any more, so that the masked one is alone."""
    kinds = {"empty", "remove", "set_value", "retype"}
    return any(
        one.kind in kinds and one.role == "stiffness" and one.args.get("keyword") == "SeriesDescription"
        for one in mutations
    )


def _of_magnitude_order(
    base_name: str, study: MutableStudy, measure: Measure, *, unnamed: bool = False
) -> list[Outcome]:
    plain, count = measure(base_name, 1), len(reference(base_name).liver)
    if ("stiffness" in study.base.roles and not unnamed) or count > MOST_SLICES or plain.mean_kpa is None:
        return []

    def reordered(order: tuple[int, ...]) -> Outcome:
        def adjust(volume, liver):  # noqa: ANN001, ANN202 - as `pipeline.Adjust`
            return replace(volume, magnitude=volume.magnitude[list(order)]), liver

        return measure(base_name, 1, adjust=adjust)

    found = map(reordered, permutations(range(count)))
    return [one for one in found if one.mean_kpa and abs(one.mean_kpa / plain.mean_kpa - 1.0) <= 2 * SAME_MEAN]


def _base(name: str):  # noqa: ANN202
    from tests.fuzz.bases import base

    return base(name)
