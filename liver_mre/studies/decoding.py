"""Stored pixel values of images in any transfer syntax: each object is opened once, only needed frames are decoded."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

import numpy as np
from pydicom.pixels.utils import pixel_array

from liver_mre.errors import GeometryError, InvalidInputError, LossyPixelsError, TruncatedFileError
from liver_mre.studies.files import open_dicom
from liver_mre.studies.overlays import BIT_POSITION, OVERLAY_DATA, OVERLAY_GROUPS, enclosed_region
from liver_mre.studies.values import integer, is_filled, number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from pydicom import FileDataset

    from liver_mre.studies.study import Instance

    Stored = NDArray[np.integer]

_MAX_BITS: Final = 16
_WRONG_BITS: Final = (
    "Pixels of instance {} have bits above BitsStored ({}), which no overlay explains, so their values are not known. "
    "Nothing was measured; send the series again."
)


@dataclass(frozen=True, slots=True)
class Image:
    """Pixels of one image.

    Attributes
    ----------
    stored : (R, C), as stored; padding is 0, which means "not measured"
    contour : (R, C) bool, the region drawn in its overlays, filled; None without one
    overlay_damaged : True if an overlay cannot be read
    """

    stored: Stored
    contour: NDArray[np.bool_] | None
    overlay_damaged: bool


def read_images(instances: Sequence[Instance]) -> list[Image]:
    """Read the pixels of images, in the order given.

    Raises
    ------
    LossyPixelsError
        An image was compressed lossily.
    GeometryError
        The images differ in size.
    TruncatedFileError
        A file is truncated, or its pixels cannot be decoded.
    InvalidInputError
        Pixels do not fit into BitsStored.
    """
    if any(instance.lossy for instance in instances):
        raise LossyPixelsError
    by_source: dict[str, list[int]] = {}
    for index, instance in enumerate(instances):
        by_source.setdefault(instance.source, []).append(index)
    images: dict[int, Image] = {}
    for indices in by_source.values():
        images.update(zip(indices, _read_object([instances[index] for index in indices]), strict=True))
    if len({image.stored.shape for image in images.values()}) > 1:
        msg = "The images of a series differ in size. Nothing was measured."
        raise GeometryError(msg)
    return [images[index] for index in range(len(instances))]


def _read_object(frames: list[Instance]) -> list[Image]:
    """Read images of one object."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pydicom's warnings about odd but decodable files do not help the user
            dataset = open_dicom(frames[0].source, stop_before_pixels=False)
            _check_pixels(dataset)
            _check_unused_bits(dataset)
            return [_read_frame(dataset, frame) for frame in frames]
    except InvalidInputError:
        raise
    # pydicom and its decoders raise almost anything on damaged pixels; the cause stays attached.
    except Exception as error:
        msg = (
            f"The pixels of instance {frames[0].sop_instance_uid} cannot be read: the file is truncated, or its "
            "transfer syntax cannot be decoded. Send the series again."
        )
        raise TruncatedFileError(msg) from error


def _read_frame(dataset: FileDataset, instance: Instance) -> Image:
    index = None if instance.frame_number is None else instance.frame_number - 1
    stored = cast("Stored", pixel_array(dataset, index=index, raw=True))
    if stored.shape != (instance.rows, instance.columns):
        msg = "the pixels have another size than the header says"
        raise ValueError(msg)
    contour, damaged = enclosed_region(dataset, instance.frame_number)
    return Image(_without_padding(_used_bits(stored, dataset), dataset), contour, damaged)


def _check_pixels(dataset: FileDataset) -> None:
    """Refuse pixels that would be decoded to wrong values."""
    if dataset["PixelData"].is_undefined_length and not dataset.file_meta.TransferSyntaxUID.is_encapsulated:
        msg = "the pixels are compressed, but the transfer syntax is not"
        raise ValueError(msg)
    stored, highest = int(dataset.BitsStored), integer(dataset, "HighBit")
    if dataset.BitsAllocated > _MAX_BITS or (highest is not None and highest != stored - 1):
        msg = f"pixels of {stored} bits up to bit {highest} in {dataset.BitsAllocated} are not known from any scanner"
        raise ValueError(msg)


def _used_bits(stored: Stored, dataset: FileDataset) -> Stored:
    """Drop bits above BitsStored, where old files keep overlay planes, and extend the sign over them."""
    unused = 8 * stored.dtype.itemsize - int(dataset.BitsStored)
    if unused <= 0:
        return stored
    used: Stored = (stored << unused) >> unused
    return used


def _check_unused_bits(dataset: FileDataset) -> None:
    """Refuse pixels that do not fit into BitsStored: decoders would truncate them and make a stiff liver soft.

    Higher bits may extend the sign or hold overlay planes named in the header. Compressed pixels have none.
    """
    bits = int(dataset.BitsStored)
    if dataset.BitsAllocated != _MAX_BITS or bits >= _MAX_BITS or dataset.file_meta.TransferSyntaxUID.is_encapsulated:
        return
    if any((group, BIT_POSITION) in dataset and (group, OVERLAY_DATA) not in dataset for group in OVERLAY_GROUPS):
        return
    order = "<" if dataset.original_encoding[1] is not False else ">"
    words = np.frombuffer(dataset.PixelData[: len(dataset.PixelData) // 2 * 2], f"{order}u2")
    above, negative = words >> bits, (words >> (bits - 1) & 1).astype(np.bool_)
    sign = negative & (above == (1 << (_MAX_BITS - bits)) - 1) & (integer(dataset, "PixelRepresentation") == 1)
    if np.any((above != 0) & ~sign):
        raise InvalidInputError(_WRONG_BITS.format(dataset.SOPInstanceUID, bits))


def _without_padding(stored: Stored, dataset: FileDataset) -> Stored:
    if not is_filled(dataset, "PixelPaddingValue"):
        return stored
    value = number(dataset, "PixelPaddingValue")
    limit = number(dataset, "PixelPaddingRangeLimit") if is_filled(dataset, "PixelPaddingRangeLimit") else value
    if value is None or limit is None:
        msg = "PixelPaddingValue or PixelPaddingRangeLimit cannot be read"
        raise ValueError(msg)
    low, high = min(value, limit), max(value, limit)
    return np.where((stored >= low) & (stored <= high), np.zeros_like(stored), stored)
