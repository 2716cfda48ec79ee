"""Stored pixel values of images in any transfer syntax: each object is opened once, only needed frames are read."""

from __future__ import annotations

import hashlib
import warnings
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from liver_mre.errors import GeometryError, LossyPixelsError, MreError, TruncatedFileError, UnusablePixelsError
from liver_mre.studies.codestream import CodestreamError
from liver_mre.studies.dicom_file import opened
from liver_mre.studies.dicom_stream import LimitError
from liver_mre.studies.encapsulated import FragmentsError
from liver_mre.studies.frame_words import FrameReader, LossError
from liver_mre.studies.overlays import Effort, enclosed_region, overlay_bits
from liver_mre.studies.padding import without_padding
from liver_mre.studies.pixel_format import MOST_SIDE, PixelFormat, check_pixel_headers, fault_error, read_format
from liver_mre.studies.study import PixelFault
from liver_mre.studies.unused_bits import UnusedBitsError, stored_values
from liver_mre.studies.values import text

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from liver_mre.studies.dicom_file import DicomFile
    from liver_mre.studies.study import Instance

    Stored = NDArray[np.integer]

MOST_PIXELS: Final = 8 * MOST_SIDE**2
"""Ours: pixels that are read at a time, 512 images of 256 x 256; more would take gigabytes of memory."""
_CLAUSES: Final = (CodestreamError, FragmentsError, LimitError, UnusedBitsError)
"""Errors whose message says why the pixels of an object cannot be used, as a clause."""


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
    """Read the pixels of images of one series, in the order given.

    Raises
    ------
    LossyPixelsError
        An image was compressed with loss.
    GeometryError
        The images differ in size.
    TruncatedFileError
        A file is cut off or damaged.
    UnusablePixelsError
        Pixels are stored in an unknown way, or file, codestream and header contradict each other.
    """
    check_pixel_headers(instances)
    if sum(instance.rows * instance.columns for instance in instances) > MOST_PIXELS:
        msg = f"The series has more than {MOST_PIXELS} pixels, more than any acquisition. Nothing was measured."
        raise UnusablePixelsError(msg)
    by_source: dict[str, list[int]] = {}
    for index, instance in enumerate(instances):
        by_source.setdefault(instance.source, []).append(index)
    images: dict[int, tuple[Image, tuple[int, int] | None]] = {}
    for indices in by_source.values():
        images.update(zip(indices, _read_object([instances[index] for index in indices]), strict=True))
    if len({image.stored.shape for image, _ in images.values()}) > 1:
        msg = "The images of a series differ in size. Nothing was measured."
        raise GeometryError(msg)
    ordered = [images[index] for index in range(len(instances))]
    stored = without_padding([image.stored for image, _ in ordered], [padding for _, padding in ordered])
    return [replace(image, stored=values) for (image, _), values in zip(ordered, stored, strict=True)]


def pixel_digests(instances: Sequence[Instance]) -> list[bytes]:
    """Return what is equal for images of equal pixels and drawn contours; nothing where they cannot be read."""
    try:
        return [_digest(image) for image in read_images(instances)]
    except MreError:
        return []


def _digest(image: Image) -> bytes:
    contour = b"" if image.contour is None else image.contour.tobytes()
    whole = hashlib.blake2b(str(image.stored.shape).encode())
    for part in (image.stored.astype("<i8").tobytes(), contour):
        whole.update(part)
    return whole.digest()


def _read_object(frames: list[Instance]) -> list[tuple[Image, tuple[int, int] | None]]:
    """Read images of one object, and the range of their padding."""
    uid = frames[0].sop_instance_uid
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pydicom's warnings about odd but decodable files do not help the user
            with opened(frames[0].source) as file:
                return _read_frames(file, frames)
    except MreError:
        raise
    except LossError as error:
        msg = f"{LossyPixelsError.default_message} Found: {error}, although nothing in the header says so."
        raise LossyPixelsError(msg) from error
    except _CLAUSES as error:
        raise fault_error(uid, PixelFault(str(error), getattr(error, "truncated", False))) from error
    # pydicom and its decoders raise almost anything on damaged pixels; the cause stays attached.
    except Exception as error:
        msg = f"The pixels of instance {uid} cannot be read: the file is damaged or cut off. Send the series again."
        raise TruncatedFileError(msg) from error


def _read_frames(file: DicomFile, frames: list[Instance]) -> list[tuple[Image, tuple[int, int] | None]]:
    dataset = file.dataset
    found = read_format(dataset, text(dataset.file_meta, "TransferSyntaxUID"), file.pixels)
    if not isinstance(found, PixelFormat):
        raise fault_error(frames[0].sop_instance_uid, found)
    reader, effort = FrameReader(file, found), Effort()
    images = [(_read_frame(reader, frame, effort), found.padding) for frame in frames]
    reader.check_end()
    return images


def _read_frame(reader: FrameReader, instance: Instance, effort: Effort) -> Image:
    dataset, found = reader.file.dataset, reader.format
    if instance.frame_number is None and found.frames != 1:
        msg = f"it has {found.frames} frames, but is no enhanced MR object that describes them"
        raise CodestreamError(msg)
    if (found.rows, found.columns) != (instance.rows, instance.columns):
        msg = "Rows and Columns have changed since the header was read"
        raise CodestreamError(msg)
    words = reader.read((instance.frame_number or 1) - 1)
    planes = overlay_bits(dataset)
    contour, damaged = enclosed_region(dataset, instance.frame_number, words.values if planes else None, effort)
    return Image(stored_values(words, found, overlay_bits=planes), contour, damaged)
