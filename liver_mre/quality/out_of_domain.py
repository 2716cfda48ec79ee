"""Detection of what is out of domain: not an axial elastogram of a liver in its normal position.

Phantoms, other organs, planes and series are recognised by features (size and shape of the body, position and shape of
the segmented liver, roughness of the stiffness) outside the range of good simulated exams. Missing ones are ignored.
"""

from __future__ import annotations

from itertools import pairwise
from math import nan
from typing import TYPE_CHECKING, Final

import numpy as np

from liver_mre.liver.shapes import local_mean
from liver_mre.stiffness.magnitude import bright_magnitude

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from liver_mre.quality.limits import DistanceModel, Limit
    from liver_mre.stiffness.volume import StiffnessVolume
    from liver_mre.studies.study import Instance

LOG_FLOOR: Final = 1e-3
"""Floor applied before taking logarithms."""
UNMASKED_FACTOR: Final = 1.1
"""An elastogram with this many times more valid than confident pixels shows the whole body."""
AIR_SIGMA_MM: Final = 3.0
BODY_MAGNITUDE: Final = 0.1
"""Smoothed magnitude of the body relative to bright tissue; air stays below. Ours."""
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
    """Return the features of an acquisition; NaN where one cannot be computed.

    Parameters
    ----------
    volume : (S, R, C) stiffness
    liver : (S, R, C) predicted liver
    magnitude : (S, R, C), any unit, or None
    alternatives : (S, R, C) each; other plausible outlines of the liver

    Returns
    -------
    Features by the names of `WORDS`; positions from the image centre, towards the patient's left and back
    """
    confident = volume.confident & volume.valid
    roi = liver & confident
    found = dict.fromkeys(WORDS, nan)
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
    if np.count_nonzero(body_kpa) > UNMASKED_FACTOR * np.count_nonzero(confident):
        found |= _size_of(body_kpa > 0, volume, liver) | _body_features(volume, body_kpa, magnitude)
    elif magnitude is not None and (body := body_of(magnitude, volume.pixel_spacing_mm)).any():
        found |= _size_of(body, volume, liver)
    return found


def body_of(magnitude: NDArray[np.floating], spacing_mm: tuple[float, float]) -> NDArray[np.bool_]:
    """Return (S, R, C) bool: where the magnitude is brighter than air; iron may leave holes in it."""
    bright = bright_magnitude(magnitude)
    around = local_mean(magnitude, np.ones(magnitude.shape, bool), AIR_SIGMA_MM, spacing_mm)
    body: NDArray[np.bool_] = around > BODY_MAGNITUDE * bright
    return body


def outside_limits(found: Mapping[str, float], limits: Mapping[str, Limit]) -> tuple[str, ...]:
    """Return, in words, the features outside their limits; empty in domain."""
    return tuple(
        WORDS[name] for name, limit in limits.items() if not np.isnan(value := found[name]) and not limit.holds(value)
    )


def unusual_combination(
    found: Mapping[str, float], models: Sequence[DistanceModel], network_channels: tuple[str, ...] = ()
) -> tuple[str, ...]:
    """Return, in words, the two most unusual features of a combination that is out of domain; empty in domain.

    In domain, the squared Mahalanobis distance is at most `largest`, and plausible outlines of the liver agree at least
    by `least_agreement`. Outline and certainty depend on the input of the segmentation, so the model for the same
    channels is used; failing that, the first one whose features are all known.
    """
    for model in sorted(models, key=lambda each: each.channels != network_channels):
        if any(np.isnan(found[name]) for name in model.names):
            continue
        if found.get("outline_agreement", nan) < model.least_agreement:
            return (WORDS["outline_agreement"],)
        away = deviations(found, model)
        if float(away @ np.array(model.inverse) @ away) <= model.largest:
            return ()
        return tuple(WORDS[model.names[index]] for index in np.argsort(-np.abs(away))[:2])
    return ()


def deviations(found: Mapping[str, float], model: DistanceModel) -> NDArray[np.float64]:
    """Return the deviation of each feature from its mean, in SD: (N,)."""
    values = [
        np.log(max(found[name], LOG_FLOOR)) if log else found[name]
        for name, log in zip(model.names, model.logarithmic, strict=True)
    ]
    return np.asarray((np.array(values) - np.array(model.mean)) / np.array(model.sd), np.float64)


def axiality(instances: tuple[Instance, ...]) -> float:
    """Return the smallest cosine of rows to the patient's left and columns to the back; NaN without orientation."""
    orientations = [instance.orientation for instance in instances if instance.orientation is not None]
    return min((min(one[0], one[4]) for one in orientations), default=nan)


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
    """Return 4 pi area / perimeter^2 along pixel edges, weighted by area over the slices; a square has pi/4."""
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
        return nan
    return float(np.mean([2.0 * np.count_nonzero(a & b) / (a.sum() + b.sum()) for a, b in pairs]))


def _agreement(outlines: Sequence[NDArray[np.bool_]]) -> float:
    """Return intersection over union of the outlines; NaN where all are empty.

    The outline of a true liver is certain except for a rim; outside the domain it shrinks as the threshold rises.
    """
    union = np.count_nonzero(np.logical_or.reduce(outlines))
    return float(np.count_nonzero(np.logical_and.reduce(outlines)) / union) if union else nan


def _roughness(stiffness_kpa: NDArray[np.float32], where: NDArray[np.bool_], spacing_mm: tuple[float, float]) -> float:
    """Return the 90th percentile of the relative change of stiffness per mm between neighbouring pixels of a region.

    An inversion is smooth because it fits a neighbourhood; signal images have edges and noise.
    """
    changes = []
    for axis, step_mm in ((1, spacing_mm[0]), (2, spacing_mm[1])):
        count = where.shape[axis]
        first, second = (np.take(stiffness_kpa, range(start, count - 1 + start), axis) for start in (0, 1))
        both = np.take(where, range(count - 1), axis) & np.take(where, range(1, count), axis)
        mean = 0.5 * (first[both] + second[both])
        changes.append(np.abs(second[both] - first[both]) / np.maximum(mean, np.float32(1e-3)) / step_mm)
    values = np.concatenate(changes)
    return float(np.quantile(values, 0.9)) if values.size else nan


def _size_of(body: NDArray[np.bool_], volume: StiffnessVolume, liver: NDArray[np.bool_]) -> dict[str, float]:
    """Return the size of the body (S, R, C) and the position of the liver in it."""
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
    """Return the features of an unmasked elastogram."""
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
