"""Which fragments are which frame, and what follows the pixels."""

from __future__ import annotations

from struct import pack
from typing import TYPE_CHECKING

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.encaps import encapsulate, encapsulate_extended, fragment_frame, generate_frames
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRBigEndian, ImplicitVRLittleEndian

from liver_mre.errors import TruncatedFileError, UnusablePixelsError
from tests.studies.stored import read, rewrite, write
from tests.studies.test_decoding import RECODERS, uncompressed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

FRAMES = 3
ITEM = b"\xfe\xff\x00\xe0"


def written(path: Path, name: str = "JPEG-LS") -> tuple[NDArray[np.integer], list[bytes]]:
    """Write three compressed frames; return their values and their compressed bytes."""
    stored = np.random.default_rng(4).integers(0, 3000, (FRAMES, 64, 66)).astype(np.uint16)
    write(path, stored)
    RECODERS[name](path)
    return stored, list(generate_frames(dcmread(path).PixelData, number_of_frames=FRAMES))


def set_pixels(path: Path, pixels: bytes) -> None:
    def edit(ds: Dataset) -> None:
        ds.PixelData = pixels

    rewrite(path, edit)


def item(value: bytes) -> bytes:
    return ITEM + pack("<L", len(value)) + value


def table(*offsets: int) -> bytes:
    return item(pack(f"<{len(offsets)}L", *offsets))


@pytest.mark.parametrize("has_bot", [False, True])
@pytest.mark.parametrize("pieces", [1, 2, 5])
def test_frames_of_several_fragments_are_put_together(tmp_path: Path, pieces: int, *, has_bot: bool) -> None:
    stored, frames = written(tmp_path / "a")
    set_pixels(tmp_path / "a", encapsulate(frames, fragments_per_frame=pieces, has_bot=has_bot))
    np.testing.assert_array_equal(read(tmp_path / "a"), stored)


def test_fragments_of_odd_length_are_read_as_they_are(tmp_path: Path) -> None:
    stored, frames = written(tmp_path / "a")
    odd = [piece for frame in frames for piece in (frame[:101], frame[101:])]
    set_pixels(tmp_path / "a", item(b"") + b"".join(item(piece) for piece in odd))
    np.testing.assert_array_equal(read(tmp_path / "a"), stored)


def test_an_extended_offset_table_finds_the_frames(tmp_path: Path) -> None:
    stored, frames = written(tmp_path / "a")

    def edit(ds: Dataset) -> None:
        ds.PixelData, ds.ExtendedOffsetTable, ds.ExtendedOffsetTableLengths = encapsulate_extended(frames)

    rewrite(tmp_path / "a", edit)
    np.testing.assert_array_equal(read(tmp_path / "a"), stored)
    rewrite(tmp_path / "a", lambda ds: setattr(ds, "ExtendedOffsetTable", ds.ExtendedOffsetTable[:16]))
    with pytest.raises(UnusablePixelsError, match="lists 2 frames, but NumberOfFrames says 3"):
        read(tmp_path / "a")


def test_two_offset_tables_that_differ_are_refused(tmp_path: Path) -> None:
    _, frames = written(tmp_path / "a")

    def edit(ds: Dataset) -> None:
        ds.ExtendedOffsetTable = pack("<3Q", 0, 8, 16)
        ds.PixelData = encapsulate(frames)

    rewrite(tmp_path / "a", edit)
    with pytest.raises(UnusablePixelsError, match="Extended Offset Table differ"):
        read(tmp_path / "a")


@pytest.mark.parametrize(
    ("offsets", "why"),
    [
        ((0,), "lists 1 frames, but NumberOfFrames says 3"),
        ((0, 1, 2, 3), "lists 4 frames"),
        ((0, 10, 20), "does not point to the beginnings"),
        ((8, 16, 24), "does not point to the beginnings"),
    ],
)
def test_an_offset_table_that_contradicts_the_frames_is_refused(
    tmp_path: Path, offsets: tuple[int, ...], why: str
) -> None:
    _, frames = written(tmp_path / "a")
    set_pixels(tmp_path / "a", table(*offsets) + b"".join(item(frame) for frame in frames))
    with pytest.raises(UnusablePixelsError, match=why):
        read(tmp_path / "a")


def test_frames_out_of_order_in_the_offset_table_are_refused(tmp_path: Path) -> None:
    _, frames = written(tmp_path / "a")
    second = 8 + len(frames[0])
    set_pixels(
        tmp_path / "a", table(0, second + 8 + len(frames[1]), second) + b"".join(item(frame) for frame in frames)
    )
    with pytest.raises(UnusablePixelsError, match="in their order"):
        read(tmp_path / "a")


@pytest.mark.parametrize("name", ["JPEG-LS", "RLE"])
@pytest.mark.parametrize("change", [lambda frames: frames[:2], lambda frames: [*frames, frames[0]]])
def test_more_or_fewer_frames_than_the_header_says_are_refused(
    tmp_path: Path, name: str, change: Callable[[list[bytes]], list[bytes]]
) -> None:
    _, frames = written(tmp_path / "a", name)
    set_pixels(tmp_path / "a", encapsulate(change(frames), has_bot=False))
    with pytest.raises(UnusablePixelsError, match="but NumberOfFrames says 3"):
        read(tmp_path / "a")


def test_an_rle_frame_in_two_fragments_without_a_table_is_refused(tmp_path: Path) -> None:
    _, frames = written(tmp_path / "a", "RLE")
    pieces = [*fragment_frame(frames[0], 2), *frames[1:]]
    set_pixels(tmp_path / "a", item(b"") + b"".join(item(piece) for piece in pieces))
    with pytest.raises(UnusablePixelsError, match="4 frames, but NumberOfFrames says 3"):
        read(tmp_path / "a")


@pytest.mark.parametrize("at", [8, 20, 2000])
def test_a_byte_too_many_between_or_in_fragments_is_refused(tmp_path: Path, at: int) -> None:
    written(tmp_path / "a")
    raw = (tmp_path / "a").read_bytes()
    start = raw.index(b"\xe0\x7f\x10\x00OB") + 12 + at
    (tmp_path / "a").write_bytes(raw[:start] + b"\0" + raw[start:])
    with pytest.raises((UnusablePixelsError, TruncatedFileError)):
        read(tmp_path / "a")


def private(ds: Dataset) -> None:
    ds.private_block(0x7FE1, "SIEMENS CSA NON-IMAGE", create=True).add_new(0x10, "OB", b"\1\2\3\4")


def trailing_padding(ds: Dataset) -> None:
    ds.add_new(0xFFFCFFFC, "OB", bytes(20))


def signature(ds: Dataset) -> None:
    inner = Dataset()
    inner.MACIDNumber = 1
    ds.DigitalSignaturesSequence = Sequence([inner, inner])
    ds["DigitalSignaturesSequence"].is_undefined_length = True


@pytest.mark.parametrize("add", [private, trailing_padding, signature])
@pytest.mark.parametrize("syntax", ["explicit", ImplicitVRLittleEndian, ExplicitVRBigEndian, "JPEG-LS", "deflated"])
def test_whole_elements_may_follow_the_pixels(tmp_path: Path, add: Callable[[Dataset], None], syntax: str) -> None:
    stored = write(tmp_path / "a", np.random.default_rng(4).integers(0, 3000, (1, 64, 66)).astype(np.uint16))
    rewrite(tmp_path / "a", add)
    if syntax in RECODERS:
        RECODERS[syntax](tmp_path / "a")
    elif syntax != "explicit":
        uncompressed(syntax)(tmp_path / "a")
    np.testing.assert_array_equal(read(tmp_path / "a"), stored)


@pytest.mark.parametrize("rest", [b"\0", b"\0\0", bytes(512), b"\xe0\x7f\x10\x00OW\0\0\2\0\0\0\1\2", b"x" * 9])
@pytest.mark.parametrize("name", ["explicit little endian", "implicit little endian", "JPEG-LS"])
def test_anything_else_behind_the_pixels_is_refused(tmp_path: Path, name: str, rest: bytes) -> None:
    write(tmp_path / "a", np.random.default_rng(4).integers(0, 3000, (1, 64, 66)).astype(np.uint16))
    RECODERS[name](tmp_path / "a")
    (tmp_path / "a").write_bytes((tmp_path / "a").read_bytes() + rest)
    with pytest.raises(UnusablePixelsError, match="no DICOM elements follow its pixels"):
        read(tmp_path / "a")


@pytest.mark.parametrize("followed", [False, True])
@pytest.mark.parametrize("at", [0, 1, 1001, 8446])
def test_a_byte_inserted_among_the_pixels_is_refused(tmp_path: Path, at: int, *, followed: bool) -> None:
    write(tmp_path / "a", np.zeros((1, 64, 66), np.uint16))
    if followed:
        rewrite(tmp_path / "a", trailing_padding)
    raw = (tmp_path / "a").read_bytes()
    start = raw.index(b"\xe0\x7f\x10\x00OW") + 12 + at
    (tmp_path / "a").write_bytes(raw[:start] + b"\0" + raw[start:])
    with pytest.raises(UnusablePixelsError, match="no DICOM elements follow its pixels"):
        read(tmp_path / "a")


@pytest.mark.parametrize("followed", [False, True])
def test_a_byte_missing_among_the_pixels_is_refused(tmp_path: Path, *, followed: bool) -> None:
    write(tmp_path / "a", np.zeros((1, 64, 66), np.uint16))
    if followed:
        rewrite(tmp_path / "a", trailing_padding)
    raw = (tmp_path / "a").read_bytes()
    start = raw.index(b"\xe0\x7f\x10\x00OW") + 100
    (tmp_path / "a").write_bytes(raw[:start] + raw[start + 1 :])
    with pytest.raises((UnusablePixelsError, TruncatedFileError), match=r"follow its pixels|truncated"):
        read(tmp_path / "a")
