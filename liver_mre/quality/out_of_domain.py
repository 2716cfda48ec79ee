"""Whether an acquisition is an axial elastogram of a liver at all.

A network answers whatever it is shown. Phantoms, other organs, other planes and other series are recognised by plain
numbers (size and shape of the body, place and shape of the segmented liver, how smooth the stiffness is) that lie
outside what good simulated exams reach. Numbers that an acquisition does not have are not held against it.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from liver_mre.measurement.shapes import local_mean
from liver_mre.stiffness.magnitude import bright_magnitude

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from liver_mre.quality.limits import Limit, Typical
    from liver_mre.stiffness.volume import StiffnessVolume
    from liver_mre.studies.study import Instance

NAN: Final = float("nan")
SMALLEST: Final = 1e-3
"""What a logarithm is taken of at least."""
BODY_SEEN: Final = 1.1
"""The outline of the body is seen where more pixels are measured than are confident, by this factor."""
AIR_SIGMA_MM: Final = 3.0
DARKEST_BODY: Final = 0.1
"""Share of the bright tissue's magnitude, averaged over some mm, that air does not reach. Ours."""
AXIAL: Final = 0.9
"""Cosine to the patient's axes from which rows and columns run as in a usual axial image: 26 degrees. Ours."""
WORDS: Final = {
    "liver_cm2": "size of the liver",
    "liver_x_mm": "place of the liver between right and left",
    "liver_y_mm": "place of the liver between front and back",
    "liver_compactness": "shape of the liver",
    "liver_overlap": "likeness of the liver in neighbouring slices",
    "outline_agreement": "certainty of the liver's outline",
    "liver_slices": "number of slices with liver",
    "confident_cm2": "confident area",
    "confident_in_liver": "share of the confident area that is liver",
    "confident_share": "share of the liver that is confident",
    "stiffness_kpa": "stiffness of the liver",
    "stiffness_spread": "spread of stiffness in the liver",
    "roughness": "fine structure of the stiffness",
    "body_width_mm": "width of the body",
    "body_depth_mm": "depth of the body",
    "body_aspect": "width of the body relative to its depth",
    "body_fill": "outline of the body",
    "body_kpa": "stiffness of the body",
    "body_roughness": "fine structure of the stiffness of the body",
    "liver_in_body_x": "place of the liver in the body between right and left",
    "liver_in_body_y": "place of the liver in the body between front and back",
    "magnitude_likeness": "likeness of stiffness and magnitude",
    "axial": "orientation of the slices",
}


def features(
    volume: StiffnessVolume,
    liver: NDArray[np.bool_],
    magnitude: NDArray[np.floating] | None = None,
    alternatives: Sequence[NDArray[np.bool_]] = (),
) -> dict[str, float]:
    """Return the numbers by which an acquisition is recognised; NaN where it does not have one.

    Parameters
    ----------
    volume : (S, R, C) stiffness
    liver : (S, R, C) predicted liver
    magnitude : (S, R, C), any unit, or None
    alternatives : (S, R, C) each; other plausible outlines of the liver

    Returns
    -------
    Numbers by the names of `WORDS`; lengths from the centre of the image, to the patient's left and back
    """
    confident = volume.confident & volume.valid
    roi = liver & confident
    found = dict.fromkeys(WORDS, NAN)
    found["axial"] = axiality(volume.instances)
    found |= _liver_features(liver, volume)
    if len(alternatives) > 1:
        found["outline_agreement"] = _agreement(alternatives)
    with_confident = np.count_nonzero(confident.any(axis=(1, 2)))
    if with_confident:
        found["confident_cm2"] = float(np.count_nonzero(confident)) * volume.pixel_area_cm2 / with_confident
        found["confident_in_liver"] = float(np.count_nonzero(roi) / np.count_nonzero(confident))
        found["roughness"] = _roughness(volume.stiffness_kpa, confident, volume.pixel_spacing_mm)
    if roi.any():
        found["confident_share"] = float(np.count_nonzero(roi) / np.count_nonzero(liver))
        low, median, high = np.quantile(volume.stiffness_kpa[roi].astype(np.float64), (0.25, 0.5, 0.75))
        found["stiffness_kpa"], found["stiffness_spread"] = float(median), float((high - low) / median)
    body_kpa = volume.complete_kpa
    if np.count_nonzero(body_kpa) > BODY_SEEN * np.count_nonzero(confident):
        found |= _size_of(body_kpa > 0, volume, liver) | _body_features(volume, body_kpa, magnitude)
    elif magnitude is not None and (body := body_of(magnitude, volume.pixel_spacing_mm)).any():
        found |= _size_of(body, volume, liver)
    return found


def body_of(magnitude: NDArray[np.floating], spacing_mm: tuple[float, float]) -> NDArray[np.bool_]:
    """Return (S, R, C) bool: where the magnitude is brighter than air; iron may leave holes in it."""
    bright = bright_magnitude(magnitude)
    around = local_mean(magnitude, np.ones(magnitude.shape, bool), AIR_SIGMA_MM, spacing_mm)
    body: NDArray[np.bool_] = around > DARKEST_BODY * bright
    return body


def unlike(found: Mapping[str, float], limits: Mapping[str, Limit]) -> tuple[str, ...]:
    """Say, in words, which numbers lie outside their limits; empty for a familiar acquisition."""
    return tuple(
        WORDS[name] for name, limit in limits.items() if not np.isnan(value := found[name]) and not limit.holds(value)
    )


def untypical(found: Mapping[str, float], typical: Sequence[Typical], shown: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Say, in words, what is most unusual about numbers that do not occur together; empty where they do.

    A network outlines a liver otherwise, and is less sure of it, where it sees less. So the description of livers that
    were outlined from the same channels is asked first, and others only where none has these; it must have no feature
    that the acquisition lacks. Numbers occur together up to a squared Mahalanobis distance, and plausible outlines
    agree at least as far as those of livers do.
    """
    for one in sorted(typical, key=lambda each: each.channels != shown):
        if any(np.isnan(found[name]) for name in one.names):
            continue
        if found.get("outline_agreement", NAN) < one.least_agreement:
            return (WORDS["outline_agreement"],)
        away = deviations(found, one)
        if float(away @ np.array(one.inverse) @ away) <= one.largest:
            return ()
        order = np.argsort(-np.abs(away))[:2]
        return tuple(WORDS[one.names[index]] for index in order)
    return ()


def deviations(found: Mapping[str, float], one: Typical) -> NDArray[np.float64]:
    """Return how far each feature lies from the mean, in SD: (N,)."""
    values = [
        np.log(max(found[name], SMALLEST)) if log else found[name]
        for name, log in zip(one.names, one.logarithmic, strict=True)
    ]
    return np.asarray((np.array(values) - np.array(one.mean)) / np.array(one.sd), np.float64)


def axiality(instances: tuple[Instance, ...]) -> float:
    """Return the least cosine of rows to the patient's left and of columns to the back; NaN without orientation."""
    orientations = [instance.orientation for instance in instances if instance.orientation is not None]
    return min((min(one[0], one[4]) for one in orientations), default=NAN)


def _liver_features(liver: NDArray[np.bool_], volume: StiffnessVolume) -> dict[str, float]:
    areas = np.count_nonzero(liver, axis=(1, 2))
    with_liver = areas > 0
    if not with_liver.any():
        return {"liver_slices": 0.0}
    row_mm, column_mm = volume.pixel_spacing_mm
    _, rows, columns = np.nonzero(liver)
    return {
        "liver_slices": float(np.count_nonzero(with_liver) / len(liver)),
        "liver_cm2": float(areas[with_liver].mean()) * volume.pixel_area_cm2,
        "liver_x_mm": float((columns.mean() - 0.5 * (liver.shape[2] - 1)) * column_mm),
        "liver_y_mm": float((rows.mean() - 0.5 * (liver.shape[1] - 1)) * row_mm),
        "liver_compactness": _compactness(liver, volume.pixel_spacing_mm),
        "liver_overlap": _overlap(liver),
    }


def _compactness(mask: NDArray[np.bool_], spacing_mm: tuple[float, float]) -> float:
    """Return 4 pi area / perimeter^2 over all slices, the perimeter along pixel edges; pi/4 is a square."""
    padded = np.pad(mask, ((0, 0), (1, 1), (1, 1)))
    across = np.count_nonzero(np.diff(padded, axis=1), axis=(1, 2)) * spacing_mm[1]
    down = np.count_nonzero(np.diff(padded, axis=2), axis=(1, 2)) * spacing_mm[0]
    areas = np.count_nonzero(mask, axis=(1, 2)) * spacing_mm[0] * spacing_mm[1]
    kept = areas > 0
    return float(np.average(4.0 * np.pi * areas[kept] / (across + down)[kept] ** 2, weights=areas[kept]))


def _overlap(mask: NDArray[np.bool_]) -> float:
    """Return the mean Dice coefficient of neighbouring slices that both have liver; NaN without a pair."""
    pairs = [(a, b) for a, b in pairwise(mask) if a.any() and b.any()]
    if not pairs:
        return NAN
    return float(np.mean([2.0 * np.count_nonzero(a & b) / (a.sum() + b.sum()) for a, b in pairs]))


def _agreement(outlines: Sequence[NDArray[np.bool_]]) -> float:
    """Return the area that all outlines share, as a share of what any of them holds; NaN where none holds anything.

    A network that outlines a liver is sure of it but for a rim; what it takes for one in something else dissolves when
    more probability is asked for.
    """
    held = np.count_nonzero(np.logical_or.reduce(outlines))
    return float(np.count_nonzero(np.logical_and.reduce(outlines)) / held) if held else NAN


def _roughness(stiffness_kpa: NDArray[np.float32], where: NDArray[np.bool_], spacing_mm: tuple[float, float]) -> float:
    """Return the 90th percentile of the relative change of stiffness a millimetre, between neighbours in a region.

    An inversion fits over a neighbourhood and is smooth; images of signal have edges and grain.
    """
    changes = []
    for axis, step_mm in ((1, spacing_mm[0]), (2, spacing_mm[1])):
        count = where.shape[axis]
        first, second = (np.take(stiffness_kpa, range(start, count - 1 + start), axis) for start in (0, 1))
        both = np.take(where, range(count - 1), axis) & np.take(where, range(1, count), axis)
        mean = 0.5 * (first[both] + second[both])
        changes.append(np.abs(second[both] - first[both]) / np.maximum(mean, np.float32(1e-3)) / step_mm)
    values = np.concatenate(changes)
    return float(np.quantile(values, 0.9)) if values.size else NAN


def _size_of(body: NDArray[np.bool_], volume: StiffnessVolume, liver: NDArray[np.bool_]) -> dict[str, float]:
    """Return the size of the body (S, R, C), and the place of the liver in it."""
    row_mm, column_mm = volume.pixel_spacing_mm
    rows, columns = np.flatnonzero(body.any(axis=(0, 2))), np.flatnonzero(body.any(axis=(0, 1)))
    depth_mm = float(rows[-1] - rows[0] + 1) * row_mm
    width_mm = float(columns[-1] - columns[0] + 1) * column_mm
    found = {"body_width_mm": width_mm, "body_depth_mm": depth_mm, "body_aspect": width_mm / depth_mm}
    if liver.any():
        _, liver_rows, liver_columns = np.nonzero(liver)
        found["liver_in_body_x"] = float((liver_columns.mean() - columns.mean()) * column_mm / (0.5 * width_mm))
        found["liver_in_body_y"] = float((liver_rows.mean() - rows.mean()) * row_mm / (0.5 * depth_mm))
    return found


def _body_features(
    volume: StiffnessVolume, kpa: NDArray[np.float32], magnitude: NDArray[np.floating] | None
) -> dict[str, float]:
    """Return what the stiffness around the liver tells."""
    body = kpa > 0
    rows, columns = body.any(axis=(0, 2)), body.any(axis=(0, 1))
    box_pixels = len(body) * (1 + np.ptp(np.flatnonzero(rows))) * (1 + np.ptp(np.flatnonzero(columns)))
    found = {
        "body_fill": float(np.count_nonzero(body) / box_pixels),
        "body_kpa": float(np.median(kpa[body])),
        "body_roughness": _roughness(kpa, body, volume.pixel_spacing_mm),
    }
    if magnitude is not None and magnitude[body].std() > 0.0:
        found["magnitude_likeness"] = float(np.corrcoef(kpa[body], magnitude[body])[0, 1])
    return found
