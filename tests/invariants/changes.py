"""What archives, routers and other scanners do to a study without changing what it shows.

Each change takes the images of a study and changes them in place; it returns False where it does not apply.
"""

from __future__ import annotations

import copy
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
from pydicom import DataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGLSLossless,
    RLELossless,
    SecondaryCaptureImageStorage,
    generate_uid,
)

from simulation.encodings.types import SeriesKind
from tests.invariants.sent_study import MEASURED, SentImage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    Images = list[SentImage]
    Change = Callable[[Images], bool]

MARGIN = 8
"""Rows and columns added on each side of padded images."""


def by_series(images: Iterable[SentImage]) -> list[Images]:
    """Return the images of each series by InstanceNumber."""
    found: dict[str, Images] = {}
    for one in images:
        found.setdefault(str(one.ds.SeriesInstanceUID), []).append(one)
    return [sorted(series, key=lambda one: int(one.ds.InstanceNumber)) for series in found.values()]


def is_multi_frame(images: Images) -> bool:
    return "NumberOfFrames" in images[0].ds


def stiffness(images: Images) -> Images:
    return [one for one in images if one.kind in MEASURED]


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


# --- series, studies, identity


def _moved(images: Images, *, number: int = 0) -> None:
    """Move images of one series to a new one."""
    uid = generate_uid()
    for one in images:
        one.ds.SeriesInstanceUID = uid
        one.ds.SeriesNumber = int(one.ds.SeriesNumber) + number


def split_stiffness(images: Images) -> bool:
    for series in by_series(stiffness(images)):
        _moved(series[len(series) // 2 :])
    return not is_multi_frame(images)


def split_everything(images: Images) -> bool:
    for series in by_series(images):
        _moved(series[len(series) // 2 :])
    return not is_multi_frame(images)


def split_alternately(images: Images) -> bool:
    for series in by_series(images):
        _moved(series[::2])
    return not is_multi_frame(images)


def split_and_numbered(images: Images) -> bool:
    for series in by_series(images):
        _moved(series[len(series) // 2 :], number=100)
    return not is_multi_frame(images)


def split_slice_by_slice(images: Images) -> bool:
    for series in by_series(images):
        for one in series[1:]:
            _moved([one])
    return not is_multi_frame(images)


def files_twice(images: Images) -> bool:
    images += [SentImage(one.kind, f"again-{one.name}", copy.deepcopy(one.ds)) for one in images]
    return True


def stiffness_twice(images: Images) -> bool:
    """Send the stiffness again as series of their own, as a second export does."""
    again = [SentImage(one.kind, f"again-{one.name}", copy.deepcopy(one.ds)) for one in stiffness(images)]
    for series in by_series(again):
        _moved(series, number=100)
        for one in series:
            one.ds.SOPInstanceUID = one.ds.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    images += again
    return True


def with_unrelated_series(images: Images) -> bool:
    """Add a dynamic series and a screenshot of the same session."""
    for number in range(3):
        ds = copy.deepcopy(images[0].ds)
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        ds.SeriesInstanceUID, ds.SeriesNumber = f"1.2.3.{number // 2}", 90 + number // 2
        ds.SeriesDescription = ds.ProtocolName = "t1_vibe_dyn" if number < 2 else "Screenshot"
        ds.SequenceName, ds.ImageComments, ds.AcquisitionTime = "*fl3d1", "", "080000"
        ds.ImageType = ["ORIGINAL", "PRIMARY", "M", "ND"]
        if number == 2:
            ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
        for element in [element for element in ds if element.tag.is_private]:
            del ds[element.tag]
        images.append(SentImage(SeriesKind.UNRELATED, f"unrelated-{number}", ds))
    return not is_multi_frame(images)


def some_without_date(images: Images) -> bool:
    for one in images:
        if one.kind in MEASURED:
            one.ds.pop("AcquisitionDate", None)
    return not is_multi_frame(images)


def over_midnight(images: Images) -> bool:
    """Move the times so that midnight falls between two slices; some series have no date."""
    if is_multi_frame(images):
        return False
    times = sorted({str(one.ds.AcquisitionTime) for one in images})
    for one in images:
        late = times.index(str(one.ds.AcquisitionTime)) >= len(times) // 2
        clock = f"{times.index(str(one.ds.AcquisitionTime)):02d}"
        one.ds.AcquisitionTime = f"0000{clock}" if late else f"2359{50 + int(clock)}"
        one.ds.AcquisitionDate = "20240116" if late else "20240115"
        if one.kind in MEASURED:
            del one.ds.AcquisitionDate
    return not is_multi_frame(images)


def moved_private_block(images: Images) -> bool:
    """Move GE's private group 0019 to another block, as archives do when they add elements of their own."""
    changed = False
    for one in images:
        if (0x0019, 0x109C) in one.ds:
            name = one.ds[0x0019, 0x109C].value
            for tag in (0x00190010, 0x0019109C):
                del one.ds[tag]
            one.ds.private_block(0x0019, "ARCHIVE", create=True).add_new(0x9C, "LO", "routed")
            one.ds.private_block(0x0019, "GEMS_ACQU_01", create=True).add_new(0x9C, "LO", name)
            changed = True
    return changed


def no_frame_of_reference(images: Images) -> bool:
    for one in images:
        one.ds.pop("FrameOfReferenceUID", None)
    return True


def odd_sop_class(images: Images) -> bool:
    for one in images:
        one.ds["SOPClassUID"] = DataElement("SOPClassUID", "LO", "MR Image Storage")
    return True


def private_sop_class(images: Images) -> bool:
    for one in images:
        one.ds.SOPClassUID = one.ds.file_meta.MediaStorageSOPClassUID = UID("1.3.46.670589.11.0.0.12.1")
    return not is_multi_frame(images)


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
