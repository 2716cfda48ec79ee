"""Images that the input holds twice, under other UIDs, as archives, anonymisers and converters send them.

Two images are one if role, geometry, scale and every pixel are the same; what else their headers say (names, times,
windows, comments) may differ. Noise makes the pixels of no two acquisitions equal, so they are read only where
geometry agrees, and only the first image until it is found in both.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from liver_mre.errors import UnknownUnitError
from liver_mre.series.roles import MRE_ROLES, STIFFNESS_ROLES, Role
from liver_mre.series.stack import SAME_SPACING_MM
from liver_mre.series.units import resolve_units
from liver_mre.studies.geometry import SAME_POSITION_MM, same_orientation

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from liver_mre.series.classification import ClassifiedSeries
    from liver_mre.series.scanner_rules import ScannerRules
    from liver_mre.studies.study import Instance, RealWorldMapping

_ONE_IMAGE_A_SLICE: Final = STIFFNESS_ROLES | {Role.CONFIDENCE}
"""Roles with one image a slice; those of other roles may be phase offsets, which nothing measures."""
_SAME_SCALE: Final = 1e-6  # ours: above rounding of decimal strings
MOST_PAIRS: Final = 250_000
"""Ours: images of one series by those of another, or of itself, that are compared. A series of an elastography has some
hundred images; in more, copies are not looked for, and the study is refused for having several images of a slice."""


class _Pixels:
    """Digests of the pixels of images, each read once."""

    def __init__(self) -> None:
        self._known: dict[Hashable, bytes | None] = {}

    def of(self, images: Sequence[Instance]) -> list[bytes | None]:
        """Return one digest for each image; None for images that cannot be read."""
        missing = [image for image in images if _key(image) not in self._known]
        if missing:
            from liver_mre.studies.decoding import pixel_digests  # what `check` rarely needs and takes time to load

            found = pixel_digests(missing)
            self._known.update(dict.fromkeys(map(_key, missing)))
            self._known.update(zip(map(_key, missing), found, strict=False))
        return [self._known[_key(image)] for image in images]


class _Shared:
    """In how many series each frame of reference and each time of acquisition occurs: companions share them."""

    def __init__(self, entries: Sequence[ClassifiedSeries]) -> None:
        each = [entry.series.instances for entry in entries]
        self.frames = Counter(uid for images in each for uid in {one.frame_of_reference_uid for one in images} - {""})
        self.times = Counter(time for images in each for time in {one.acquired_s for one in images} - {None})


def mark_copies(
    entries: Sequence[ClassifiedSeries], rules: ScannerRules, *, keep: str | None = None
) -> tuple[ClassifiedSeries, ...]:
    """Return the classified series of a study with each image once: a series that repeats another one is its copy.

    A series of which another one holds every image is a copy, too. Of two equal ones the better described is used.

    Parameters
    ----------
    entries : every series with its role
    rules : scanner rules, for the scale
    keep : UID of a series that is never the copy, if any
    """
    pixels = _Pixels()
    shared = _Shared(entries)
    found = [_without_repeats(entry, rules, pixels) for entry in entries]
    originals: dict[Hashable, list[int]] = {}
    for place in sorted(range(len(found)), key=lambda index: (_worth(found[index], rules, shared, keep), index)):
        entry = found[place]
        if entry.role not in MRE_ROLES:
            continue
        first = entry.series.first
        alike = originals.setdefault((entry.role, first.rows, first.columns), [])
        original = next((one for one in alike if _is_copy(entry, found[one], rules, pixels)), None)
        if original is None:
            alike.append(place)
            continue
        number = found[original].series.series_number
        words = f"Not used: the same images as series {number} under other UIDs."
        found[place] = replace(entry, copy_of=number, reason=f"{words} {entry.reason}")
        found[original] = replace(
            found[original], copies=(*found[original].copies, (entry.series.series_number, len(entry.series.instances)))
        )
    return tuple(found)


def copies_notes(*entries: ClassifiedSeries) -> tuple[str, ...]:
    """Say which series were used once although the input holds their images twice."""
    notes = []
    for entry in entries:
        number, images = entry.series.series_number, len(entry.series.instances)
        for other, repeated in entry.copies:
            which = "the same images as" if repeated == images else f"{repeated} of the images of"
            notes.append(f"Series {other} holds {which} series {number} under other UIDs and was not used.")
        if entry.repeats:
            which = "1 image" if entry.repeats == 1 else f"{entry.repeats} images"
            notes.append(f"Series {number} holds {which} a second time under other UIDs; each was used once.")
    return tuple(dict.fromkeys(notes))  # a series that holds magnitude and phase has two entries


def _worth(entry: ClassifiedSeries, rules: ScannerRules, shared: _Shared, keep: str | None) -> tuple[object, ...]:
    """Return a sort key: the series to use of several equal ones comes first."""
    first = entry.series.first
    told = (first.manufacturer, first.protocol_name, first.sequence_name, first.private_sequence_name, first.window)
    return (
        entry.series.series_instance_uid != keep,
        -len(entry.series.instances),
        entry.role in STIFFNESS_ROLES and not _scales(entry, rules),
        -shared.frames[first.frame_of_reference_uid],
        -shared.times[first.acquired_s],
        first.acquired_day is None,
        -sum(map(bool, told)),
    )


def _scales(entry: ClassifiedSeries, rules: ScannerRules) -> frozenset[tuple[float, float]]:
    """Return the scales (kPa/count, offset in kPa) of a stiffness series; none if they are unknown."""
    try:
        units = resolve_units(entry.series, entry.role, rules)
    except UnknownUnitError:
        return frozenset()
    return frozenset((unit.kpa_per_count, unit.offset_kpa) for unit in units)


def _is_copy(entry: ClassifiedSeries, original: ClassifiedSeries, rules: ScannerRules, pixels: _Pixels) -> bool:
    """Tell whether every image of a series is in another one."""
    if len(entry.series.instances) * len(original.series.instances) > MOST_PAIRS:
        return False
    places = [_alike(image, original.series.instances) for image in entry.series.instances]
    if entry.role not in _ONE_IMAGE_A_SLICE:
        places = [
            [one for one in others if _same_time(image, one)]
            for image, others in zip(entry.series.instances, places, strict=True)
        ]
    if not all(places):
        return False
    here = pixels.of(entry.series.instances[:1])[0]
    if here is None or here not in pixels.of(places[0]):
        return False
    pixels.of(original.series.instances)
    left = Counter(_key(image) for image in original.series.instances)
    for others, digest in zip(places, pixels.of(entry.series.instances), strict=True):
        found = zip(others, pixels.of(others), strict=True)
        same = [one for one, there in found if there == digest and left[_key(one)]]
        if digest is None or not same:
            return False
        left[_key(same[0])] -= 1
    if entry.role not in STIFFNESS_ROLES:
        return True
    scales = _scales(entry, rules), _scales(original, rules)
    return not all(scales) or scales[0] <= scales[1]


def _without_repeats(entry: ClassifiedSeries, rules: ScannerRules, pixels: _Pixels) -> ClassifiedSeries:
    """Return a series of one image a slice without images that it holds a second time."""
    images = entry.series.instances
    if entry.role not in _ONE_IMAGE_A_SLICE or len(images) ** 2 > MOST_PAIRS:
        return entry
    if not any(_alike(image, images[:place]) for place, image in enumerate(images)):
        return entry

    def worth(image: Instance) -> tuple[bool, bool, bool]:
        alone = replace(entry, series=replace(entry.series, instances=(image,)))
        unscaled = entry.role in STIFFNESS_ROLES and not _scales(alone, rules)
        return image.concatenation is not None, unscaled, image.acquired_s is None

    best = sorted(images, key=worth)
    pixels.of(images)  # each file is opened once
    left: list[Instance] = []
    for image in best:
        alike = _alike(image, left)
        (digest,) = pixels.of([image]) if alike else (None,)
        if digest is None or digest not in pixels.of(alike):
            left.append(image)
    if len(left) == len(images):
        return entry
    repeats = len(images) - len(left)
    words = f"{repeats} of its images repeat others under other UIDs and were left out."
    kept = {id(image) for image in left}
    series = replace(entry.series, instances=tuple(image for image in images if id(image) in kept))
    return replace(entry, series=series, reason=f"{entry.reason} {words}", repeats=repeats)


def _alike(image: Instance, others: Sequence[Instance]) -> list[Instance]:
    """Return the images whose headers show the same slice on the same scale."""
    return [one for one in others if _same_slice(image, one) and _same_scale(image, one)]


def _same_slice(one: Instance, other: Instance) -> bool:
    if (one.rows, one.columns) != (other.rows, other.columns) or one.conflicting or other.conflicting:
        return False
    if one.orientation is None or other.orientation is None:
        placed = one.orientation is other.orientation
    else:
        placed = same_orientation(one, other)
    return (
        placed
        and _near(one.position_mm, other.position_mm, SAME_POSITION_MM)
        and _near(one.pixel_spacing_mm, other.pixel_spacing_mm, SAME_SPACING_MM)
    )


def _same_time(one: Instance, other: Instance) -> bool:
    """Tell whether times do not differ: they say which magnitude belongs to an elastography."""
    return one.acquired_s is None or other.acquired_s is None or one.acquired_s == other.acquired_s


def _near(some: Sequence[float] | None, others: Sequence[float] | None, tolerance_mm: float) -> bool:
    if some is None or others is None:
        return some is others
    return all(abs(a - b) < tolerance_mm for a, b in zip(some, others, strict=True))


def _same_scale(one: Instance, other: Instance) -> bool:
    """Tell whether nothing that gives pixels their meaning contradicts; what one of the two lacks does not."""
    if one.loss != other.loss or one.unusable_unit_elements != other.unusable_unit_elements:
        return False
    if one.real_world and other.real_world and not _same_mappings(one.real_world, other.real_world):
        return False
    texts = ((one.manufacturer, other.manufacturer), (one.rescale_type, other.rescale_type))
    return (
        all(not a or not b or a.strip().casefold() == b.strip().casefold() for a, b in texts)
        and _agree(one.rescale_slope, other.rescale_slope)
        and _agree(one.rescale_intercept, other.rescale_intercept, absolute=_SAME_SCALE)
    )


def _agree(one: float | None, other: float | None, *, absolute: float = 0.0) -> bool:
    return one is None or other is None or math.isclose(one, other, rel_tol=_SAME_SCALE, abs_tol=absolute)


def _same_mappings(some: Sequence[RealWorldMapping], others: Sequence[RealWorldMapping]) -> bool:
    return len(some) == len(others) and all(
        a.unit == b.unit and _agree(a.slope, b.slope) and _agree(a.intercept, b.intercept, absolute=_SAME_SCALE)
        for a, b in zip(some, others, strict=True)
    )


def _key(image: Instance) -> Hashable:
    return image.source, image.sop_instance_uid, image.frame_number
