"""What pixels alone tell: whether they are an image at all, and which stiffness no inversion can give.

Inversions and images are smooth over several millimetres. Pixels that are not were stored or sent wrongly, such as
16-bit numbers that are shifted by a byte.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from liver_mre.errors import ContradictoryImagesError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from liver_mre.stiffness.volume import StiffnessVolume

    Cut = tuple[slice, ...]
    Place = tuple[int, int]

LARGEST_KPA: Final = 40.0
"""Ours: at 60 Hz its shear wave is 10 cm long, and no fit over a centimetre or two tells it from no wave."""
MAX_SHARE_TOO_STIFF: Final = 0.05
"""Ours, of the confident pixels of a slice: a few are storage or the edge of the body, more are damage."""
TORN_RATIO: Final = 2.0
"""Ours: neighbouring pixels of one fit never differ twofold, except across the wall of an organ or vessel."""
MAX_SHARE_TORN: Final = 0.05
ALONE_RATIO: Final = 1.5
"""Ours: neighbours in a smooth map differ by a few per cent."""
LARGEST_PATCH: Final = 12
"""Ours, pixels: smaller than what any inversion resolves, at every pixel size in use."""
BLOCK: Final = 8
"""Ours, pixels: no such square is constant in 500 simulated slices of four physics, but where a range was cut."""
CUT_ABOVE: Final = 1.3
"""Ours, of the median of a slice: where a largest value so far above it is frequent, the range of the image ends."""
MANY_PIXELS: Final = 1000
MIN_PIXELS: Final = 50
"""Ours: fewer confident pixels of a slice give no share."""
MIN_NEIGHBOUR_CORRELATION: Final = 0.5
"""Ours: neighbours in noise correlate by about 0, in images by 0.9 and more."""


def neighbour_correlation(images: NDArray[np.number]) -> NDArray[np.float64]:
    """Return the correlation of each pixel with the next one in its row, (S,); nan for a constant image.

    Parameters
    ----------
    images : (S, R, C)
    """
    pairs = images.astype(np.float64)
    left, right = (pairs[:, :, cut].reshape(len(pairs), -1) for cut in (slice(None, -1), slice(1, None)))
    left, right = (side - side.mean(axis=1, keepdims=True) for side in (left, right))
    power = (left**2).sum(axis=1) * (right**2).sum(axis=1)
    shared = (left * right).sum(axis=1)
    found = np.full(len(pairs), np.nan)
    np.divide(shared, np.sqrt(power), out=found, where=power > 0.0)
    return found


def looks_like_images(images: NDArray[np.number]) -> bool:
    """Tell whether every slice (S, R, C) has contrast, and neighbours that are alike: neither constant nor noise."""
    return bool((neighbour_correlation(images) >= MIN_NEIGHBOUR_CORRELATION).all())


def without_impossible_pixels(volume: StiffnessVolume) -> StiffnessVolume:
    """Take the confidence from pixels that no inversion gives, too stiff or unlike all around, and note it.

    Raises
    ------
    ContradictoryImagesError
        A slice has more than a few of them, or its confident pixels are not smooth.
    """
    too_stiff = volume.confident & (volume.stiffness_kpa > LARGEST_KPA)
    _check_share(volume, _shares(too_stiff, volume.confident), MAX_SHARE_TOO_STIFF, f"are above {LARGEST_KPA:g} kPa")
    torn = f"differ more than {TORN_RATIO:g}-fold from their neighbours"
    _check_share(volume, torn_shares(volume), MAX_SHARE_TORN, torn)
    _check_no_block(volume)
    alone = small_patches(volume) & ~too_stiff
    notes = tuple(
        f"{count} confident pixel{'s' if count > 1 else ''} {words}, {'were' if count > 1 else 'was'} not measured."
        for count, words in (
            (int(np.count_nonzero(too_stiff)), f"above {LARGEST_KPA:g} kPa, which no tissue has"),
            (
                int(np.count_nonzero(alone)),
                f"{ALONE_RATIO:g}-fold unlike all around or more, which no inversion gives",
            ),
        )
        if count
    )
    if not notes:
        return volume
    return replace(volume, confident=volume.confident & ~too_stiff & ~alone, notes=(*volume.notes, *notes))


def _check_no_block(volume: StiffnessVolume) -> None:
    """Refuse a slice in which a square of confident pixels has one value, though most neighbours differ.

    A square at a value far above the median is where the scanner's range ends, and no change.
    """
    for index, where in enumerate(volume.confident):
        kpa = volume.stiffness_kpa[index]
        if not where.any():
            continue
        if _mostly_one_value(kpa[where]):
            raise _not_a_map(volume, index, "most confident pixels have one value")
        free = where & (kpa < max(float(kpa[where].max()), CUT_ABOVE * float(np.median(kpa[where]))))
        right, below = free[:, :-1] & free[:, 1:], free[:-1] & free[1:]
        same_right, same_below = right & (kpa[:, :-1] == kpa[:, 1:]), below & (kpa[:-1] == kpa[1:])
        if 2 * np.count_nonzero(same_right) > np.count_nonzero(right):
            continue  # drawn, or of few grey levels
        wide, tall = _full(same_right, (BLOCK, BLOCK - 1)), _full(same_below, (BLOCK - 1, BLOCK))
        if (wide & tall).any():
            raise _not_a_map(volume, index, f"a square of {BLOCK} x {BLOCK} pixels has one value")


def _mostly_one_value(values: NDArray[np.float32]) -> bool:
    """Tell whether more than half of many pixels are equal: they were cut to fewer bits."""
    return values.size >= MANY_PIXELS and 2 * int(np.unique(values, return_counts=True)[1].max()) > values.size


def _not_a_map(volume: StiffnessVolume, index: int, finding: str) -> ContradictoryImagesError:
    msg = (
        f"In image {volume.instances[index].instance_number} of the stiffness series {finding}. No elastogram does so: "
        "its pixels were changed or cut. Nothing was measured; send the series again as the scanner stored it."
    )
    return ContradictoryImagesError(msg)


def _full(mask: NDArray[np.bool_], size: tuple[int, int]) -> NDArray[np.bool_]:
    """Return where a rectangle of a mask (R, C), by its upper left pixel, is full."""
    total = np.pad(mask.cumsum(axis=0, dtype=np.int32).cumsum(axis=1), ((1, 0), (1, 0)))
    rows, columns = size
    inside = total[rows:, columns:] - total[:-rows, columns:] - total[rows:, :-columns] + total[:-rows, :-columns]
    return np.asarray(inside == rows * columns)


def small_patches(volume: StiffnessVolume) -> NDArray[np.bool_]:
    """Return single confident pixels and patches (S, R, C) of up to `LARGEST_PATCH` that differ 1.5-fold all around.

    Most of what touches a patch must be confident: at the edge of a mask nothing is known.
    """
    found = np.zeros_like(volume.confident)
    unlike = _differs_beside(volume)
    for index in np.flatnonzero(unlike.any(axis=(1, 2))):
        seen: set[Place] = set()
        for row, column in np.argwhere(unlike[index]):
            place = (int(row), int(column))
            if place not in seen:
                patch = _patch(volume, int(index), place)
                seen |= patch
                for one in patch if len(patch) <= LARGEST_PATCH else ():
                    found[index][one] = True
    return found


def _patch(volume: StiffnessVolume, index: int, start: Place) -> set[Place]:
    """Return the pixels that are joined to one by steps of less than 1.5-fold, or more of them than a patch has.

    Empty if less than half of what touches them is confident.
    """
    kpa, confident = volume.stiffness_kpa[index], volume.confident[index]
    patch, waiting, edges, known = {start}, [start], 0, 0
    while waiting and len(patch) <= LARGEST_PATCH:
        row, column = waiting.pop()
        for beside in ((row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)):
            if beside in patch:
                continue
            inside = 0 <= beside[0] < kpa.shape[0] and 0 <= beside[1] < kpa.shape[1]
            if inside and confident[beside]:
                one, other = sorted((float(kpa[row, column]), float(kpa[beside])))
                if other < ALONE_RATIO * one:
                    patch.add(beside)
                    waiting.append(beside)
                    continue
                known += 1
            edges += 1
    return patch if len(patch) > LARGEST_PATCH or 2 * known >= edges else set()


def _differs_beside(volume: StiffnessVolume) -> NDArray[np.bool_]:
    """Return confident pixels (S, R, C) that differ 1.5-fold from a confident one beside, above or below."""
    found = np.zeros_like(volume.confident)
    for low, high, apart in _unlike_pairs(volume, ALONE_RATIO):
        found[low] |= apart
        found[high] |= apart
    return found


def torn_shares(volume: StiffnessVolume) -> NDArray[np.float64]:
    """Return the share of pairs of neighbouring confident pixels that differ more than twofold, (S,)."""
    confident = volume.confident
    torn, all_pairs = np.zeros(len(confident)), np.zeros(len(confident))
    for low, high, apart in _unlike_pairs(volume, TORN_RATIO):
        torn += apart.sum(axis=(1, 2))
        all_pairs += (confident[low] & confident[high]).sum(axis=(1, 2))
    return torn / np.maximum(all_pairs, MIN_PIXELS)


def _unlike_pairs(volume: StiffnessVolume, ratio: float) -> Iterator[tuple[Cut, Cut, NDArray[np.bool_]]]:
    """Yield, along rows and columns, both sides of all pairs, and which pairs of confident pixels differ by a ratio."""
    stiffness_kpa, confident = volume.stiffness_kpa, volume.confident
    for axis in (1, 2):
        low, high = (slice(None),) * axis + (slice(None, -1),), (slice(None),) * axis + (slice(1, None),)
        one, other = stiffness_kpa[low], stiffness_kpa[high]
        apart = np.maximum(one, other) > ratio * np.minimum(one, other)
        yield low, high, confident[low] & confident[high] & apart


def _shares(some: NDArray[np.bool_], of: NDArray[np.bool_]) -> NDArray[np.float64]:
    shares: NDArray[np.float64] = some.sum(axis=(1, 2)) / np.maximum(of.sum(axis=(1, 2)), MIN_PIXELS)
    return shares


def _check_share(volume: StiffnessVolume, shares: NDArray[np.float64], limit: float, what: str) -> None:
    if shares.max(initial=0.0) <= limit:
        return
    worst = volume.instances[int(shares.argmax())]
    msg = (
        f"{shares.max():.0%} of the confident pixels of image {worst.instance_number} of the stiffness series {what}. "
        "No elastogram does so: its pixels were changed or shifted. Nothing was measured; send the series again."
    )
    raise ContradictoryImagesError(msg)
