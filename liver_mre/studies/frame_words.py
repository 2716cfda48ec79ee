"""The words of single frames of an open file, native or compressed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from pydicom.encaps import encapsulate
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import UID, ExplicitVRBigEndian, RLELossless

from liver_mre.studies.codestream import KINDS, CodestreamError, read_codestream
from liver_mre.studies.dicom_file import PIXEL_DATA
from liver_mre.studies.encapsulated import FragmentsError, read_fragments
from liver_mre.studies.pixel_format import NATIVE
from liver_mre.studies.rle import decode_rle
from liver_mre.studies.structure import UnparsableError, check_elements
from liver_mre.studies.unused_bits import Words

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from liver_mre.studies.codestream import Codestream
    from liver_mre.studies.dicom_file import DicomFile, PixelElement
    from liver_mre.studies.pixel_format import PixelFormat

MOST_OVERHEAD_BYTES: Final = 1 << 20
"""Ours: markers and tables of one compressed frame."""
MOST_AFTER_BYTES: Final = 64 * 1024**2
"""Ours: elements after the pixels, such as private ones and signatures."""
_BYTE: Final = 8


class LossError(Exception):
    """The codestream lost something; the message says what shows it, as a clause."""


class FrameReader:
    """Reads single frames of an open file.

    Parameters
    ----------
    file : the file, whose header is read
    found : how its pixels are stored

    Raises
    ------
    FragmentsError
        Compressed pixels are not as many frames as the header says, damaged or cut off.
    """

    def __init__(self, file: DicomFile, found: PixelFormat) -> None:
        if file.pixels is None:
            raise KeyError(PIXEL_DATA)
        self.file = file
        self.format = found
        self._pixels: PixelElement = file.pixels
        self._native = found.transfer_syntax in NATIVE
        self._fragments = None if self._native else read_fragments(file.stream, file.pixels, file.dataset, found.frames)

    def read(self, index: int) -> Words:
        """Read a frame, from 0.

        Raises
        ------
        FragmentsError
            The frame is cut off.
        CodestreamError
            The codestream is damaged or contradicts the header.
        LossError
            The codestream lost something.
        """
        if self._fragments is None:
            return Words(self._native_frame(index), self.format.bits_allocated)
        raw = self._fragments.read(self.file.stream, index, 2 * self.format.frame_bytes + MOST_OVERHEAD_BYTES)
        if self.format.transfer_syntax == RLELossless:
            return Words(decode_rle(raw, self.format), self.format.bits_allocated, compressed=True)
        codestream = read_codestream(raw)
        _check_codestream(codestream, self.format)
        return Words(_decode(raw, codestream, self.format), codestream.precision, compressed=True)

    def check_end(self) -> None:
        """Check that nothing but whole elements follows the pixels: a byte too many among them shifts the last one out.

        Raises
        ------
        FragmentsError
            Something else follows.
        """
        pixels, stream = self._pixels, self.file.stream
        end = pixels.start + (pixels.length or 0) if self._fragments is None else self._fragments.end
        stream.seek(end)
        rest = stream.read(MOST_AFTER_BYTES + 1)
        implicit, little = self.file.dataset.original_encoding
        if len(rest) > MOST_AFTER_BYTES:
            msg = f"more than {MOST_AFTER_BYTES // 1024**2} MiB follow its pixels"
            raise FragmentsError(msg)
        try:
            check_elements(rest, implicit=implicit is not False, little=little is not False, after=PIXEL_DATA)
        except UnparsableError:
            msg = "bytes that are no DICOM elements follow its pixels, so the pixels may be shifted"
            raise FragmentsError(msg) from None

    def _native_frame(self, index: int) -> NDArray[np.integer]:
        found, stream = self.format, self.file.stream
        size = found.frame_bytes
        # Single bytes in big endian words are swapped in pairs, which may reach across frames.
        swapped = self._big_endian and found.bits_allocated == _BYTE and self._in_words
        before, after = (index * size % 2, (index + 1) * size % 2) if swapped else (0, 0)
        stream.seek(self._pixels.start + index * size - before)
        raw = stream.read(before + size + after)
        if len(raw) < before + size + after:
            msg = "the file is truncated within its pixels"
            raise FragmentsError(msg, truncated=True)
        if swapped:
            raw = np.frombuffer(raw, ">u2").astype("<u2").tobytes()[before : before + size]
        order = ">" if self._big_endian else "<"
        words = np.frombuffer(raw, f"{order}u{found.bits_allocated // _BYTE}")
        return words.astype(words.dtype.newbyteorder("=")).reshape(found.rows, found.columns)

    @property
    def _big_endian(self) -> bool:
        return self.format.transfer_syntax == ExplicitVRBigEndian

    @property
    def _in_words(self) -> bool:
        """Whether the pixels are written as OW."""
        self.file.stream.seek(self._pixels.start - 8)
        return self.file.stream.read(2) == b"OW"


def _check_codestream(found: Codestream, header: PixelFormat) -> None:
    """Compare what the codestream says of itself with the transfer syntax and the header."""
    said = KINDS[header.transfer_syntax]
    if found.kind != said:
        msg = f"its pixels are a {found.kind} codestream, but the transfer syntax says {said}"
        raise CodestreamError(msg)
    if found.loss:
        raise LossError(found.loss)
    here = (found.rows, found.columns, found.components)
    if here != (header.rows, header.columns, 1):
        msg = (
            "Rows, Columns and SamplesPerPixel of the codestream are {} x {} x {}, but the header says {} x {} x {}"
        ).format(*here, header.rows, header.columns, 1)
        raise CodestreamError(msg)
    if not 2 <= found.precision <= 2 * _BYTE:  # noqa: PLR2004 - as JPEG defines it
        msg = f"the codestream has {found.precision} bits a pixel, but BitsStored says {header.bits_stored}"
        raise CodestreamError(msg)


def _decode(raw: bytes, codestream: Codestream, header: PixelFormat) -> NDArray[np.integer]:
    """Decode a frame at the precision of its codestream, whatever the header says."""
    options: dict[str, Any] = {
        "rows": header.rows,
        "columns": header.columns,
        "number_of_frames": 1,
        "samples_per_pixel": 1,
        "photometric_interpretation": "MONOCHROME2",
        "pixel_representation": int(codestream.signed),
        "bits_allocated": _BYTE if codestream.precision <= _BYTE else 2 * _BYTE,
        "bits_stored": codestream.precision,
    }
    encapsulated = encapsulate([raw], has_bot=False)
    pixels, _ = get_decoder(UID(header.transfer_syntax)).as_array(encapsulated, index=0, raw=True, **options)
    return pixels
