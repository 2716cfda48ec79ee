"""No file takes more than 1.5 GB of memory or 10 s, whatever it says of itself, and none is an uncaught error.

The seconds are those of the machine of docs/performance.md.
"""

from __future__ import annotations

import os
import sys
import zlib
from pathlib import Path
from struct import pack
from typing import TYPE_CHECKING, Final

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.encaps import encapsulate
from pydicom.uid import DeflatedExplicitVRLittleEndian, ImplicitVRLittleEndian, JPEGLossless, RLELossless

from liver_mre.errors import MreError, UnusablePixelsError
from liver_mre.studies import dicom_stream, structure
from liver_mre.studies.decoding import read_images
from liver_mre.studies.reader import read_studies
from tests.studies.stored import instances, read, rewrite, write
from tests.studies.test_decoding import RECODERS, uncompressed
from tests.yardstick import slowness

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_KIB: Final = 1_500_000
MOST_SECONDS: Final = 10.0
GIB: Final = 1024**3
ITEM, ITEM_END, SEQUENCE_END = b"\xfe\xff\x00\xe0", b"\xfe\xff\x0d\xe0", b"\xfe\xff\xdd\xe0"
UNDEFINED = b"\xff\xff\xff\xff"


def base(path: Path, *, syntax: str | None = None, **elements: object) -> bytes:
    """Write an image and return its bytes before PixelData."""
    write(path, np.zeros((1, 16, 16), np.uint16), **elements)
    if syntax is not None:
        uncompressed(syntax)(path)
    raw = path.read_bytes()
    return raw[: raw.rindex(b"\xe0\x7f\x10\x00")]


def zeros(before: bytes, size: int) -> bytes:
    """Return some bytes and then zeros, deflated."""
    squeeze = zlib.compressobj(9, wbits=-15)
    start = squeeze.compress(before) + squeeze.flush(zlib.Z_FULL_FLUSH)
    block = squeeze.compress(bytes(1 << 24)) + squeeze.flush(zlib.Z_FULL_FLUSH)
    return start + block * (size >> 24) + squeeze.flush()


def deflated(path: Path, after: bytes, size: int) -> None:
    """Write a deflated object whose elements before the pixels are followed by some bytes and many zeros."""
    head = base(path)
    plain = head.index(b"\x08\x00\x16\x00")
    ds = dcmread(path)
    ds.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    ds.save_as(path)
    meta = 144 + dcmread(path, stop_before_pixels=True).file_meta.FileMetaInformationGroupLength
    path.write_bytes(path.read_bytes()[:meta] + zeros(head[plain:] + after, size))


def deflated_pixels(path: Path) -> None:
    deflated(path, b"\xe0\x7f\x10\x00OW\0\0" + pack("<L", 0xFFFFFFF0), 4 * GIB)


def deflated_header(path: Path) -> None:
    deflated(path, b"\x29\x00\x10\x10OB\0\0" + pack("<L", 0xFFFFFFF0), 4 * GIB)


def sparse(path: Path, head: bytes, size: int) -> None:
    with path.open("wb") as stream:
        stream.write(head)
        stream.truncate(len(head) + size)


def sparse_pixels(path: Path) -> None:
    sparse(path, base(path) + b"\xe0\x7f\x10\x00OW\0\0" + pack("<L", 3 * GIB), 3 * GIB)


def sparse_pixels_that_the_header_asks_for(path: Path) -> None:
    head = base(path, Rows=60_000, Columns=26_000)
    sparse(path, head + b"\xe0\x7f\x10\x00OW\0\0" + pack("<L", 2 * 60_000 * 26_000), 3 * GIB)


def sparse_frames_that_the_header_asks_for(path: Path) -> None:
    head = base(path, Rows=2048, Columns=2048, NumberOfFrames=400)
    sparse(path, head + b"\xe0\x7f\x10\x00OW\0\0" + pack("<L", 2 * 400 * 2048 * 2048), 2 * 400 * 2048 * 2048)


def sparse_fragment(path: Path) -> None:
    head = base(path)
    dcm = dcmread(path)
    dcm.compress(RLELossless, generate_instance_uid=False)
    dcm.save_as(path)
    raw = path.read_bytes()
    head = raw[: raw.rindex(b"\xe0\x7f\x10\x00")]
    fragment = ITEM + bytes(4) + ITEM + pack("<L", 3 * GIB)
    sparse(path, head + b"\xe0\x7f\x10\x00OB\0\0" + UNDEFINED + fragment, 3 * GIB)


def sparse_fragment_that_ends(path: Path) -> None:
    sparse_fragment(path)
    with path.open("ab") as stream:
        stream.write(SEQUENCE_END + bytes(4))


def sparse_private(path: Path) -> None:
    sparse(path, base(path) + b"\x29\x00\x10\x10OB\0\0" + pack("<L", 3 * GIB), 3 * GIB)


def sparse_unlimited(path: Path) -> None:
    sparse(path, base(path) + b"\x29\x00\x10\x10OB\0\0" + UNDEFINED, 3 * GIB)


def sparse_zeros_behind(path: Path) -> None:
    base(path)
    sparse(path, path.read_bytes(), 3 * GIB)


def sequence(tag: bytes, value: bytes) -> bytes:
    return tag + b"SQ\0\0" + pack("<L", len(value)) + value


def nested(levels: int) -> bytes:
    """Return sequences within sequences, of undefined length, as a value."""
    return (ITEM + UNDEFINED + b"\x40\x00\x60\xa1SQ\0\0" + UNDEFINED) * levels


def deep_undefined(path: Path) -> None:
    path.write_bytes(base(path) + b"\x40\x00\x30\xa7SQ\0\0" + UNDEFINED + nested(200_000))


def deep_in_frames(path: Path) -> None:
    path.write_bytes(base(path) + sequence(b"\x00\x52\x30\x92", nested(200_000)))


def deep_implicit(path: Path) -> None:
    head = base(path, syntax=ImplicitVRLittleEndian)
    value = (ITEM + UNDEFINED + b"\x40\x00\x60\xa1" + UNDEFINED) * 200_000
    path.write_bytes(head + b"\x40\x00\x30\xa7" + pack("<L", len(value)) + value)


def many_elements(path: Path) -> None:
    path.write_bytes(base(path) + b"".join(pack("<HH2sH", 0x0029, n & 0xFFFF, b"LO", 0) for n in range(4_000_000)))


def many_items(path: Path) -> None:
    path.write_bytes(base(path) + sequence(b"\x00\x52\x30\x92", (ITEM + bytes(4)) * 4_000_000))


def many_items_of_undefined_length(path: Path) -> None:
    value = (ITEM + UNDEFINED + ITEM_END + bytes(4)) * 4_000_000
    path.write_bytes(base(path) + b"\x40\x00\x30\xa7SQ\0\0" + UNDEFINED + value)


def many_frames(path: Path) -> None:
    head = base(path, NumberOfFrames=300_000)
    path.write_bytes(head + sequence(b"\x00\x52\x30\x92", (ITEM + bytes(4)) * 300_000))


def many_fragments(path: Path) -> None:
    sparse_fragment(path)
    with path.open("rb") as stream:
        raw = stream.read(1 << 16)
    head = raw[: raw.rindex(b"\xe0\x7f\x10\x00OB") + 12]
    path.write_bytes(head + (ITEM + bytes(4)) * 4_000_000 + SEQUENCE_END + bytes(4))


def rle_of_repeats(path: Path) -> None:
    write(path, np.zeros((1, 2048, 2048), np.uint16))
    frame = pack("<3L", 2, 64, 1 << 22).ljust(64, b"\0") + b"\x81\x07" * (1 << 22)
    ds = dcmread(path)
    ds.file_meta.TransferSyntaxUID = RLELossless
    ds.PixelData = encapsulate([frame])
    ds["PixelData"].is_undefined_length = True
    ds.save_as(path)


def jpeg_of_another_size(path: Path) -> None:
    write(path, np.zeros((1, 64, 64), np.uint16))
    RECODERS["JPEG Lossless SV1"](path)
    raw = bytearray(path.read_bytes())
    at = raw.rindex(b"\xff\xc3") + 5
    raw[at : at + 4] = b"\xff\xff\xff\xff"
    path.write_bytes(raw)
    assert dcmread(path).file_meta.TransferSyntaxUID != JPEGLossless


def overlay_of_gigabytes(path: Path) -> None:
    def edit(ds: Dataset) -> None:
        ds.add_new(0x60000010, "US", 65_000)
        ds.add_new(0x60000011, "US", 65_000)
        ds.add_new(0x60000040, "CS", "G")
        ds.add_new(0x60000050, "SS", [1, 1])
        ds.add_new(0x60003000, "OW", bytes(1 << 26))

    base(path)
    rewrite(path, edit)


LEFT_OUT = "1 file is beyond the limits of an image"
HOSTILE: Final[dict[Callable[[Path], None], str]] = {
    deflated_pixels: "PixelData has 4294967280 bytes, but",
    deflated_header: LEFT_OUT,
    sparse_pixels: "PixelData has 3221225472 bytes, but",
    sparse_pixels_that_the_header_asks_for: "Rows is 60000, where 1 to 2048 is possible",
    sparse_frames_that_the_header_asks_for: "it has 400 frames, but is no enhanced MR object that describes them",
    sparse_fragment: "truncated within its compressed pixels",
    sparse_fragment_that_ends: "compressed, frame 1 is larger than its pixels can be",
    sparse_private: "it has no PixelData",
    sparse_unlimited: LEFT_OUT,
    sparse_zeros_behind: "more than 64 MiB follow its pixels",
    deep_undefined: LEFT_OUT,
    deep_in_frames: LEFT_OUT,
    deep_implicit: "it has no PixelData",
    many_elements: LEFT_OUT,
    many_items: LEFT_OUT,
    many_items_of_undefined_length: LEFT_OUT,
    many_frames: "NumberOfFrames is 300000, where 1 to 5000 is possible",
    many_fragments: "its pixels are in more than 50000 pieces",
    rle_of_repeats: "a segment of its RLE frame has more or fewer pixels",
    jpeg_of_another_size: "of the codestream are 65535 x 65535 x 1, but the header says 64 x 64 x 1",
    overlay_of_gigabytes: "damaged overlay",
}


def read_all(path: Path) -> str:
    """Read headers and pixels; return why that is not possible."""
    try:
        (study,) = read_studies(path).studies
        images = read_images(study.series[0].instances)
    except MreError as error:
        return str(error)
    return "damaged overlay" if images[0].overlay_damaged else ""


@pytest.mark.slow
@pytest.mark.parametrize(("make", "why"), HOSTILE.items(), ids=[make.__name__ for make in HOSTILE])
def test_no_file_takes_more_than_its_share(tmp_path: Path, make: Callable[[Path], None], why: str) -> None:
    make(tmp_path / "a")
    before_kib = (
        int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGESIZE") // 1024
    )
    child = os.fork()  # a process of its own, whose peak memory is known
    if not child:
        sys.settrace(None)  # coverage would take most of the time
        try:
            (tmp_path / "said").write_text(read_all(tmp_path / "a"))
        finally:
            os._exit(0)
    _, _, used = os.wait4(child, 0)
    (tmp_path / "a").unlink()
    assert why in (tmp_path / "said").read_text()
    assert used.ru_utime + used.ru_stime < MOST_SECONDS * slowness()
    # The child begins with the memory of the whole test run, so that its own is what came on top.
    assert used.ru_maxrss - before_kib < MOST_KIB


def test_an_object_of_more_frames_than_an_acquisition_has_is_one_image_that_says_so(tmp_path: Path) -> None:
    base(tmp_path / "a", NumberOfFrames=2**31 - 1)
    (found,) = instances(tmp_path / "a")
    assert found.pixel_fault is not None
    assert found.pixel_fault.why == "NumberOfFrames is 2147483647, where 1 to 5000 is possible"


def test_a_series_of_more_pixels_than_fit_into_memory_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from liver_mre.studies import decoding

    monkeypatch.setattr(decoding, "MOST_PIXELS", 3 * 16 * 16 - 1)
    write(tmp_path / "a", np.zeros((3, 16, 16), np.uint16))
    with pytest.raises(UnusablePixelsError, match="more than 767 pixels"):
        read(tmp_path / "a")


def test_pixels_behind_a_deflated_header_are_inflated_only_where_they_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = write(tmp_path / "a", np.random.default_rng(1).integers(0, 3000, (4, 512, 512)).astype(np.uint16))
    uncompressed(DeflatedExplicitVRLittleEndian)(tmp_path / "a")
    np.testing.assert_array_equal(read(tmp_path / "a"), stored)
    monkeypatch.setattr(dicom_stream, "MOST_INFLATED_BYTES", stored.nbytes // 2)
    assert len(instances(tmp_path / "a")) == 4
    with pytest.raises(UnusablePixelsError, match="inflates to more than"):
        read(tmp_path / "a")


def test_nesting_as_deep_as_reports_have_it_is_read() -> None:
    inner = b""
    for _ in range(20):
        inner = sequence(b"\x40\x00\x30\xa7", ITEM + pack("<L", len(inner)) + inner)
    assert structure.count_in_sequence(ITEM + pack("<L", len(inner)) + inner, implicit=False, little=True) == 41
