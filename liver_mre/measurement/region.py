"""From the confident liver to the measured region."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from liver_mre.measurement.region_rules import RegionRules, Removal
from liver_mre.measurement.shapes import deeper_than, large_parts, local_mean, near

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from liver_mre.liver.mask import LiverMask
    from liver_mre.stiffness.volume import StiffnessVolume
    from liver_mre.studies.study import Orientation

    Mask = NDArray[np.bool_]

SPOT_CM2: Final = 0.3
"""Ours: least area of a soft or a hot spot; single pixels that stand out are noise."""
SPOT_SIGMA_MM: Final = 2.0
"""Ours: what is finer is noise."""
BRIGHT_SIGMA_MM: Final = 1.0
SHADE_SIGMA_MM: Final = 15.0
"""Ours: coil shading is coarser than this, vessels are finer."""
KEPT: Final = 0
_ORDER: Final = tuple(Removal)


@dataclass(frozen=True, slots=True)
class RemovedArea:
    """Area of confident liver, over all slices, that one rule took out."""

    reason: Removal
    area_cm2: float


@dataclass(frozen=True, slots=True)
class Region:
    """The measured region, and what was taken out of the confident liver.

    Attributes
    ----------
    pixels : (S, R, C) bool, the pixels that are measured
    reasons : (S, R, C) uint8, 0 where a pixel is measured or was no confident liver in the first place; else the place
        in `Removal`, from 1, of the one reason for which it was taken out
    pixel_area_cm2 : area of one pixel
    """

    pixels: Mask
    reasons: NDArray[np.uint8]
    pixel_area_cm2: float

    @property
    def area_cm2(self) -> float:
        """Area of all measured pixels."""
        return int(np.count_nonzero(self.pixels)) * self.pixel_area_cm2

    @property
    def removed(self) -> tuple[RemovedArea, ...]:
        """Area that each rule took out, in the order of the rules."""
        counts = np.bincount(self.reasons.ravel(), minlength=len(_ORDER) + 1)
        return tuple(
            RemovedArea(reason, int(counts[place]) * self.pixel_area_cm2)
            for place, reason in enumerate(_ORDER, start=1)
        )

    def removed_by(self, reason: Removal) -> Mask:
        """Return (S, R, C) bool: the pixels that were taken out for this reason."""
        where: Mask = self.reasons == 1 + _ORDER.index(reason)
        return where


def find_region(
    volume: StiffnessVolume,
    mask: LiverMask,
    rules: RegionRules,
    *,
    excluded: Collection[int] = (),
    magnitude: NDArray[np.number] | None = None,
) -> Region:
    """Take out of the confident liver what no physicist would measure.

    Spots are judged against the whole confident liver, so that no rule depends on how much another one took: a region
    can only shrink as a distance or an area is raised.

    Parameters
    ----------
    volume : (S, R, C) stiffness
    mask : predicted liver on the same grid
    rules : what to take out
    excluded : slices that are not diagnostic, by their index
    magnitude : (S, R, C) magnitude of the same pixels, any unit, or None

    Raises
    ------
    ValueError
        If mask, magnitude and volume are not on the same pixel grid.
    """
    for name, other in (("mask", mask.liver), ("magnitude", magnitude)):
        if other is not None and other.shape != volume.stiffness_kpa.shape:
            message = f"{name} of shape {other.shape} on stiffness of shape {volume.stiffness_kpa.shape}"
            raise ValueError(message)
    candidates = mask.liver & volume.valid & volume.confident
    reasons = np.zeros(candidates.shape, np.uint8)
    if not candidates.any():
        return Region(candidates, reasons, volume.pixel_area_cm2)
    box = _box(mask.liver)
    part = _Part(
        liver=mask.liver[box],
        candidates=candidates[box],
        stiffness_kpa=volume.stiffness_kpa[box],
        magnitude=None if magnitude is None else magnitude[box],
        spacing_mm=volume.pixel_spacing_mm,
        orientation=volume.instances[0].orientation if volume.instances else None,
    )
    inside = reasons[box]
    inside[...] = _judged(part, rules, frozenset(excluded))
    return Region(candidates & (reasons == KEPT), reasons, volume.pixel_area_cm2)


@dataclass(frozen=True, slots=True)
class _Part:
    """The part of an exam that holds liver; (S, r, c) arrays."""

    liver: Mask
    candidates: Mask
    stiffness_kpa: NDArray[np.float32]
    magnitude: NDArray[np.number] | None
    spacing_mm: tuple[float, float]
    orientation: Orientation | None

    def pixels(self, area_cm2: float) -> float:
        return 100.0 * area_cm2 / (self.spacing_mm[0] * self.spacing_mm[1])


def _judged(part: _Part, rules: RegionRules, excluded: frozenset[int]) -> NDArray[np.uint8]:
    """Return the reason of each pixel as `Region.reasons` has it."""
    reasons = np.zeros(part.liver.shape, np.uint8)

    def remove(where: Mask, reason: Removal) -> None:
        reasons[part.candidates & (reasons == KEPT) & where] = 1 + _ORDER.index(reason)

    for index in sorted(excluded & set(range(len(part.liver)))):
        chosen = np.zeros_like(part.liver)
        chosen[index] = True
        remove(chosen, Removal.QUALITY)
    # What is not diagnostic must not say what is typical of this liver either.
    diagnostic = replace(part, candidates=part.candidates & (reasons == KEPT))
    if not diagnostic.candidates.any():
        return reasons
    if rules.edge_mm:
        remove(~deeper_than(part.liver, rules.edge_mm, part.spacing_mm), Removal.EDGE)
    remove(_vessels(diagnostic, rules), Removal.VESSEL)
    remove(_hot_spots(diagnostic, rules), Removal.HOT_SPOT)
    remove(~large_parts(part.candidates & (reasons == KEPT), part.pixels(rules.island_cm2)), Removal.ISLAND)
    left = part.candidates & (reasons == KEPT)
    small = left.sum(axis=(1, 2)) < part.pixels(rules.slice_cm2)
    remove(np.broadcast_to(small[:, None, None], left.shape), Removal.SMALL_SLICE)
    return reasons


def _vessels(part: _Part, rules: RegionRules) -> Mask:
    """Soft spots of the elastogram, and bright ones of the magnitude with a margin: vessels, gallbladder, cysts."""
    found = np.zeros_like(part.liver)
    if rules.soft_share:
        smooth, typical = _smooth(part)
        soft = part.candidates & (smooth < rules.soft_share * typical)
        found |= large_parts(soft, part.pixels(SPOT_CM2))
    if rules.bright_share and part.magnitude is not None:
        values = part.magnitude.astype(np.float32)
        fine = local_mean(values, part.liver, BRIGHT_SIGMA_MM, part.spacing_mm)
        around = local_mean(values, part.liver, SHADE_SIGMA_MM, part.spacing_mm)
        bright = part.liver & (fine > rules.bright_share * around)
        found |= near(bright, rules.bright_margin_mm, part.spacing_mm)
    return found


def _hot_spots(part: _Part, rules: RegionRules) -> Mask:
    """Spots that stand out as stiff close to the right or the anterior outline, where drivers sit."""
    if not (rules.hot_share and rules.hot_reach_mm):
        return np.zeros_like(part.liver)
    smooth, typical = _smooth(part)
    close = _driver_depth_mm(part) <= rules.hot_reach_mm
    hot = part.candidates & close & (smooth > rules.hot_share * typical)
    return large_parts(hot, part.pixels(SPOT_CM2))


def _smooth(part: _Part) -> tuple[NDArray[np.float32], float]:
    smooth = local_mean(part.stiffness_kpa, part.candidates, SPOT_SIGMA_MM, part.spacing_mm)
    return smooth, float(np.median(part.stiffness_kpa[part.candidates]))


def _driver_depth_mm(part: _Part) -> NDArray[np.float32]:
    """Return how much liver lies between each pixel and the liver's outline, to the right or to the front."""
    # ImageOrientationPatient grows to the patient's left and back (PS3.3, C.7.6.2); without it, as axial slices show.
    across, down = (1.0, 1.0) if part.orientation is None else (part.orientation[0], part.orientation[4])
    columns = slice(None, None, -1 if across < 0.0 else 1)
    rows = slice(None, None, -1 if down < 0.0 else 1)
    turned = part.liver[:, rows, columns]
    from_front = turned.cumsum(axis=1) * np.float32(part.spacing_mm[0])
    from_right = turned.cumsum(axis=2) * np.float32(part.spacing_mm[1])
    depth: NDArray[np.float32] = np.minimum(from_front, from_right)[:, rows, columns].astype(np.float32)
    return depth


def _box(liver: Mask) -> tuple[slice, slice, slice]:
    rows = np.flatnonzero(liver.any(axis=(0, 2)))
    columns = np.flatnonzero(liver.any(axis=(0, 1)))
    return slice(None), slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)
