"""What archives, routers and other scanners do to a study without changing what it shows.

Each change takes the images of a study and changes them in place; it returns False where it does not apply.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGLSLossless,
    RLELossless,
)

from tests.invariants.sent_study import MEASURED, SentImage, by_series, is_multi_frame, stiffness
from tests.invariants.series_changes import (
    files_twice,
    moved_private_block,
    no_frame_of_reference,
    odd_sop_class,
    over_midnight,
    private_sop_class,
    some_without_date,
    split_alternately,
    split_and_numbered,
    split_everything,
    split_slice_by_slice,
    split_stiffness,
    stiffness_twice,
    with_unrelated_series,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Images = list[SentImage]
    Change = Callable[[Images], bool]

MARGIN = 8
"""Rows and columns added on each side of padded images."""


def stored(ds: Dataset) -> NDArray[np.integer]:
    kind = "i" if ds.PixelRepresentation else "u"
    shape = (int(ds.get("NumberOfFrames", 1)), ds.Rows, ds.Columns)
    return np.frombuffer(ds.PixelData, f"<{kind}{ds.BitsAllocated // 8}", count=int(np.prod(shape))).reshape(shape)


def set_stored(ds: Dataset, values: NDArray[np.integer]) -> None:
    ds.Rows, ds.Columns = values.shape[-2:]
    kind = "i" if ds.PixelRepresentation else "u"
    ds.PixelData = np.ascontiguousarray(values, f"<{kind}{ds.BitsAllocated // 8}").tobytes()
    for keyword in ("SmallestImagePixelValue", "LargestImagePixelValue"):
        ds.pop(keyword, None)


# --- order and numbers


def other_file_names(images: Images) -> bool:
    for number, one in enumerate(images):
        one.name = f"{(number * 7919) % 1000:03d}-{number}"
    return True


def reversed_series_numbers(images: Images) -> bool:
    for one in images:
        one.ds.SeriesNumber = 1000 - int(one.ds.SeriesNumber)
    return True


def numbered_through(images: Images) -> bool:
    """Number the images through the whole study."""
    for number, one in enumerate(chain.from_iterable(by_series(images)), start=1):
        one.ds.InstanceNumber = number
    return True


def higher_numbers(images: Images) -> bool:
    for one in images:
        one.ds.InstanceNumber = int(one.ds.InstanceNumber) * 3 + 500
    return True


def reversed_numbers(images: Images) -> bool:
    for series in by_series(images):
        for one, number in zip(series, range(len(series), 0, -1), strict=True):
            one.ds.InstanceNumber = number
    return not is_multi_frame(images)


def shuffled_numbers(images: Images) -> bool:
    rng = np.random.default_rng(5)
    for series in by_series(images):
        for one, number in zip(series, rng.permutation(len(series)), strict=True):
            one.ds.InstanceNumber = int(number) + 1
    return not is_multi_frame(images)


def no_numbers(images: Images) -> bool:
    for one in images:
        one.ds.InstanceNumber = None
        one.ds.SeriesNumber = None
    return True


def reversed_frames(images: Images) -> bool:
    """Store the frames of multi-frame objects in reverse order."""
    for one in images:
        frames = stored(one.ds)[::-1]
        set_stored(one.ds, frames)
        groups = one.ds.PerFrameFunctionalGroupsSequence if is_multi_frame(images) else None
        if groups is not None:
            one.ds.PerFrameFunctionalGroupsSequence = Sequence(list(groups)[::-1])
    return is_multi_frame(images)


# --- pixels


def _padded(images: Images) -> None:
    for one in images:
        ds = one.ds
        values = np.pad(stored(ds), ((0, 0), (MARGIN, MARGIN), (MARGIN, MARGIN)))
        set_stored(ds, values)
        if tuple(ds.ImagePositionPatient) == (0, 0, 0):
            continue
        orientation = np.reshape([float(value) for value in ds.ImageOrientationPatient], (2, 3))
        row_mm, column_mm = (float(value) for value in ds.PixelSpacing)
        corner = np.array([float(value) for value in ds.ImagePositionPatient])
        corner -= MARGIN * (orientation[0] * column_mm + orientation[1] * row_mm)
        ds.ImagePositionPatient = [round(float(value), 6) for value in corner]


def padded(images: Images) -> bool:
    if is_multi_frame(images):
        return False
    _padded(images)
    return True


def padded_stiffness(images: Images) -> bool:
    if is_multi_frame(images):
        return False
    _padded(stiffness(images))
    return True


def padded_companions(images: Images) -> bool:
    if is_multi_frame(images):
        return False
    _padded([one for one in images if one.kind not in MEASURED])
    return True


def signed(images: Images) -> bool:
    for one in images:
        if one.ds.PixelRepresentation == 0:
            values = stored(one.ds)
            if values.max() > np.iinfo(np.int16).max or one.ds.BitsAllocated != 16:
                return False
            one.ds.PixelRepresentation = 1
            one.ds.BitsStored, one.ds.HighBit = 16, 15
            set_stored(one.ds, values.astype(np.int16))
    return True


def fewest_bits(images: Images) -> bool:
    """Store each series with the fewest bits that hold its values."""
    for series in by_series(images):
        if series[0].ds.PixelRepresentation:
            continue
        bits = max(12, int(max(stored(one.ds).max() for one in series)).bit_length())
        for one in series:
            one.ds.BitsStored, one.ds.HighBit = bits, bits - 1
    return True


def all_bits(images: Images) -> bool:
    for one in images:
        if one.ds.BitsAllocated == 16:
            one.ds.BitsStored, one.ds.HighBit = 16, 15
    return True


def as_pascal(images: Images) -> bool:
    """Give the stiffness in Pa where the header gives it in kPa."""
    changed = False
    for one in stiffness(images):
        if one.ds.get("RescaleType") == "kPa":
            one.ds.RescaleType = "Pa"
            one.ds.RescaleSlope = float(one.ds.RescaleSlope) * 1000
            one.ds.pop("WindowCenter", None)
            one.ds.pop("WindowWidth", None)
            changed = True
    return changed


def half_slope(images: Images) -> bool:
    """Store twice the values with half the slope."""
    changed = False
    for one in stiffness(images):
        if one.ds.get("RescaleType") in {"kPa", "Pa"} and one.ds.BitsAllocated == 16:
            one.ds.RescaleSlope = float(one.ds.RescaleSlope) / 2
            one.ds.BitsStored, one.ds.HighBit = 16, 15
            set_stored(one.ds, stored(one.ds) * 2)
            changed = True
    return changed


def as_real_world(images: Images) -> bool:
    """Give the unit as a real world value mapping too."""
    slopes = {"kPa": 1.0, "Pa": 0.001}
    if is_multi_frame(images):
        return False
    for one in stiffness(images):
        if "RealWorldValueMappingSequence" in one.ds:
            return False
        unit, item = Dataset(), Dataset()
        unit.CodeValue, unit.CodingSchemeDesignator, unit.CodeMeaning = "kPa", "UCUM", "kilopascal"
        named = slopes.get(str(one.ds.get("RescaleType")))
        vendor = 0.001 if one.ds.Manufacturer.startswith("GE") else 0.01
        item.RealWorldValueSlope = vendor if named is None else named * float(one.ds.RescaleSlope)
        item.RealWorldValueIntercept = 0.0
        vr = "SS" if one.ds.PixelRepresentation else "US"
        item.add_new("RealWorldValueFirstValueMapped", vr, 0)
        item.add_new("RealWorldValueLastValueMapped", vr, int(stored(one.ds).max()))
        item.LUTLabel, item.MeasurementUnitsCodeSequence = "kPa", [unit]
        one.ds.RealWorldValueMappingSequence = [item]
    return True


# --- transfer syntax


def _transcoded(syntax: str) -> Change:
    def change(images: Images) -> bool:
        for one in images:
            if syntax in {ImplicitVRLittleEndian, DeflatedExplicitVRLittleEndian}:
                one.ds.decode()
                bare = Dataset(one.ds)
                bare.file_meta = one.ds.file_meta
                bare.file_meta.TransferSyntaxUID = syntax
                one.ds = bare
            else:
                one.ds.compress(syntax, generate_instance_uid=False)
        return True

    return change


CHANGES: dict[str, Change] = {
    **{
        change.__name__: change
        for change in (
            *(other_file_names, reversed_series_numbers, numbered_through, higher_numbers, reversed_numbers),
            *(shuffled_numbers, no_numbers, reversed_frames, padded, padded_stiffness, padded_companions, signed),
            *(fewest_bits, all_bits, as_pascal, half_slope, as_real_world, split_stiffness, split_everything),
            *(split_alternately, split_and_numbered, split_slice_by_slice, files_twice, stiffness_twice),
            *(with_unrelated_series, some_without_date, over_midnight, moved_private_block, no_frame_of_reference),
            *(odd_sop_class, private_sop_class),
        )
    },
    **{
        name: _transcoded(syntax)
        for name, syntax in {
            "implicit": ImplicitVRLittleEndian,
            "deflated": DeflatedExplicitVRLittleEndian,
            "rle": RLELossless,
            "jpeg_ls": JPEGLSLossless,
        }.items()
    },
}
