"""From the confident liver to the measured region."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from liver_mre.liver.shapes import dilate, erode, large_components, local_mean
from liver_mre.measurement.region_rules import RegionRules, Removal

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from liver_mre.liver.mask import LiverMask
    from liver_mre.stiffness.volume import StiffnessVolume
    from liver_mre.studies.study import Orientation

    Mask = NDArray[np.bool_]

SPOT_CM2: Final = 0.3
"""Ours: smallest area of a soft spot or hot spot; smaller ones are noise."""
SPOT_SIGMA_MM: Final = 2.0
"""Ours: smoothing of stiffness; finer structure is noise."""
BRIGHT_SIGMA_MM: Final = 1.0
SHADE_SIGMA_MM: Final = 15.0
"""Ours: coil shading is coarser than this, vessels are finer."""
KEPT: Final = 0
_ORDER: Final = tuple(Removal)


@dataclass(frozen=True, slots=True)
class RemovedArea:
    """Area of confident liver, over all slices, that one region rule removed."""

    reason: Removal
    area_cm2: float


@dataclass(frozen=True, slots=True)
class Region:
    """The measured region, and the reason for every removed pixel of confident liver.

    Attributes
    ----------
    pixels : (S, R, C) bool, measured pixels
    reasons : (S, R, C) uint8, position (from 1) in `Removal` of the rule that removed a pixel; 0 for measured pixels
        and outside the confident liver
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
        """Area removed by each rule, in the order of the rules."""
        counts = np.bincount(self.reasons.ravel(), minlength=len(_ORDER) + 1)
        return tuple(
            RemovedArea(reason, int(count) * self.pixel_area_cm2)
            for reason, count in zip(_ORDER, counts[1:], strict=True)
        )

    def removed_by(self, reason: Removal) -> Mask:
        """Return (S, R, C) bool: the pixels removed for a reason."""
        where: Mask = self.reasons == 1 + _ORDER.index(reason)
        return where


def confident_liver(volume: StiffnessVolume, mask: LiverMask) -> Mask:
    """Return (S, R, C) bool: predicted liver with a valid stiffness of at least 95 % confidence.

    Raises
    ------
    ValueError
        Mask and volume are not on the same pixel grid.
    """
    if mask.liver.shape != volume.stiffness_kpa.shape:
        message = f"mask of shape {mask.liver.shape} on stiffness of shape {volume.stiffness_kpa.shape}"
        raise ValueError(message)
    return mask.liver & volume.valid & volume.confident


def find_region(
    volume: StiffnessVolume,
    mask: LiverMask,
    rules: RegionRules,
    *,
    excluded: Collection[int] = (),
    magnitude: NDArray[np.number] | None = None,
) -> Region:
    """Apply the region rules to the confident liver.

    Vessels and hot spots are found by comparison with the whole confident liver, so that no rule depends on what
    another one removed: raising a distance or an area can only shrink the region.

    Parameters
    ----------
    volume : (S, R, C) stiffness
    mask : predicted liver on the same grid
    rules : the region rules
    excluded : indices of slices that are not diagnostic
    magnitude : (S, R, C) magnitude of the same pixels, any unit, or None

    Raises
    ------
    ValueError
        Mask, magnitude and volume are not on the same pixel grid.
    """
    confident = confident_liver(volume, mask)
    if magnitude is not None and magnitude.shape != confident.shape:
        message = f"magnitude of shape {magnitude.shape} on stiffness of shape {confident.shape}"
        raise ValueError(message)
    reasons = np.zeros(confident.shape, np.uint8)
    if confident.any():
        box = _bounding_box(mask.liver)
        part = _LiverBox(
            liver=mask.liver[box],
            confident=confident[box],
            stiffness_kpa=volume.stiffness_kpa[box],
            magnitude=None if magnitude is None else magnitude[box],
            spacing_mm=volume.pixel_spacing_mm,
            orientation=volume.instances[0].orientation if volume.instances else None,
        )
        reasons[box] = _reasons(part, rules, excluded)
    return Region(confident & (reasons == KEPT), reasons, volume.pixel_area_cm2)


@dataclass(frozen=True, slots=True)
class _LiverBox:
    """The images of an exam, cropped to the liver; arrays (S, r, c)."""

    liver: Mask
    confident: Mask
    stiffness_kpa: NDArray[np.float32]
    magnitude: NDArray[np.number] | None
    spacing_mm: tuple[float, float]
    orientation: Orientation | None

    def pixels(self, area_cm2: float) -> float:
        return 100.0 * area_cm2 / (self.spacing_mm[0] * self.spacing_mm[1])


def _reasons(part: _LiverBox, rules: RegionRules, excluded: Collection[int]) -> NDArray[np.uint8]:
    """Return the reason of each pixel, as in `Region.reasons`."""
    reasons = np.zeros(part.liver.shape, np.uint8)

    def left() -> Mask:
        kept: Mask = part.confident & (reasons == KEPT)
        return kept

    def remove(where: Mask, reason: Removal) -> None:
        reasons[left() & where] = 1 + _ORDER.index(reason)

    slices = np.arange(len(part.liver))[:, None, None]
    remove(np.isin(slices, list(excluded)), Removal.QUALITY)
    # Slices that are not diagnostic must not influence the median of the liver either.
    diagnostic = replace(part, confident=left())
    if not diagnostic.confident.any():
        return reasons
    if rules.edge_mm:
        remove(~erode(part.liver, rules.edge_mm, part.spacing_mm), Removal.EDGE)
    remove(_vessels(diagnostic, rules), Removal.VESSEL)
    remove(_hot_spots(diagnostic, rules), Removal.HOT_SPOT)
    remove(~large_components(left(), part.pixels(rules.island_cm2)), Removal.ISLAND)
    small = left().sum(axis=(1, 2), keepdims=True) < part.pixels(rules.slice_cm2)
    remove(small, Removal.SMALL_SLICE)
    return reasons


def _vessels(part: _LiverBox, rules: RegionRules) -> Mask:
    """Return soft spots of the elastogram, and bright spots of the magnitude with a margin."""
    found = np.zeros_like(part.liver)
    if rules.soft_share:
        smooth_kpa, median_kpa = _smoothed(part)
        soft = part.confident & (smooth_kpa < rules.soft_share * median_kpa)
        found |= large_components(soft, part.pixels(SPOT_CM2))
    if rules.bright_share and part.magnitude is not None:
        values = part.magnitude.astype(np.float32)
        fine = local_mean(values, part.liver, BRIGHT_SIGMA_MM, part.spacing_mm)
        around = local_mean(values, part.liver, SHADE_SIGMA_MM, part.spacing_mm)
        bright = part.liver & (fine > rules.bright_share * around)
        found |= dilate(bright, rules.bright_margin_mm, part.spacing_mm)
    return found


def _hot_spots(part: _LiverBox, rules: RegionRules) -> Mask:
    """Return stiff spots close to the right or anterior outline, where the driver is placed."""
    if not (rules.hot_share and rules.hot_reach_mm):
        return np.zeros_like(part.liver)
    smooth_kpa, median_kpa = _smoothed(part)
    close = _driver_depth_mm(part) <= rules.hot_reach_mm
    hot = part.confident & close & (smooth_kpa > rules.hot_share * median_kpa)
    return large_components(hot, part.pixels(SPOT_CM2))


def _smoothed(part: _LiverBox) -> tuple[NDArray[np.float32], float]:
    smooth_kpa = local_mean(part.stiffness_kpa, part.confident, SPOT_SIGMA_MM, part.spacing_mm)
    return smooth_kpa, float(np.median(part.stiffness_kpa[part.confident]))


def _driver_depth_mm(part: _LiverBox) -> NDArray[np.float32]:
    """Return the depth of each pixel below the right or the anterior outline of the liver, whichever is nearer."""
    # ImageOrientationPatient points to the patient's left and back (PS3.3, C.7.6.2); without it, axial is assumed.
    across, down = (1.0, 1.0) if part.orientation is None else (part.orientation[0], part.orientation[4])
    columns = slice(None, None, -1 if across < 0.0 else 1)
    rows = slice(None, None, -1 if down < 0.0 else 1)
    turned = part.liver[:, rows, columns]
    from_front = turned.cumsum(axis=1) * np.float32(part.spacing_mm[0])
    from_right = turned.cumsum(axis=2) * np.float32(part.spacing_mm[1])
    depth: NDArray[np.float32] = np.minimum(from_front, from_right)[:, rows, columns].astype(np.float32)
    return depth


def _bounding_box(liver: Mask) -> tuple[slice, slice, slice]:
    rows = np.flatnonzero(liver.any(axis=(0, 2)))
    columns = np.flatnonzero(liver.any(axis=(0, 1)))
    return slice(None), slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)
