"""What a codestream says of itself is compared with its header, before its pixels are decoded."""

from __future__ import annotations

from struct import pack
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.encaps import encapsulate, generate_frames
from pydicom.uid import (
    JPEG2000,
    JPEG2000Lossless,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

from liver_mre.errors import LossyPixelsError, MreError, TruncatedFileError, UnusablePixelsError
from liver_mre.studies.codestream import CodestreamError, read_codestream
from liver_mre.studies.pixel_format import LOSS_TAGS
from tests.studies.stored import instances, read, rewrite, write
from tests.studies.test_decoding import RECODERS, dcmtk_encoder, pydicom_encoder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray
    from pydicom import Dataset

JPEG, JPEG_LS, J2K = RECODERS["JPEG Lossless SV1"], RECODERS["JPEG-LS"], RECODERS["JPEG 2000"]
RLE = RECODERS["RLE"]


def smooth(frames: int = 1, dtype: type = np.uint16) -> NDArray[np.integer]:
    return (np.indices((64, 70)).sum(axis=0)[None] * 1 + np.arange(frames)[:, None, None]).astype(dtype)


def patch(path: Path, edit: Callable[[bytearray], object]) -> None:
    """Edit the compressed bytes of every frame."""

    def of(ds: Dataset) -> None:
        frames = [bytearray(frame) for frame in generate_frames(ds.PixelData, number_of_frames=ds.NumberOfFrames)]
        for frame in frames:
            edit(frame)
        ds.PixelData = encapsulate([bytes(frame) for frame in frames])

    rewrite(path, of)


def after(frame: bytearray, marker: bytes) -> int:
    """Return where the parameters of a marker segment begin."""
    return frame.index(marker) + 4


def set_syntax(path: Path, syntax: str) -> None:
    ds = dcmread(path)
    ds.file_meta.TransferSyntaxUID = syntax
    ds.save_as(path)


def compressed_with_loss(syntax: str, **options: object) -> Callable[[Path], None]:
    return lambda path: rewrite(path, lambda ds: ds.compress(syntax, generate_instance_uid=False, **options))


def silence(path: Path) -> None:
    """Take away whatever says that an image was compressed with loss."""
    for tag in LOSS_TAGS:
        rewrite(path, lambda ds, tag=tag: ds.pop(tag, None))


LOSSY = {
    "JPEG-LS with errors": (compressed_with_loss(JPEGLSNearLossless, jls_error=3), JPEGLSLossless, "errors of 3"),
    "JPEG 2000 irreversible": (compressed_with_loss(JPEG2000, j2k_cr=[20]), JPEG2000Lossless, "irreversible wavelet"),
    "JPEG of cosines": (dcmtk_encoder("dcmcjpeg", "+eb"), JPEGLossless, "not of the lossless kind"),
    "JPEG point transform": (dcmtk_encoder("dcmcjpeg", "+e1", "+pt", "2"), JPEGLosslessSV1, "lowest 2 bits"),
}


@pytest.mark.parametrize(("recode", "declared", "why"), LOSSY.values(), ids=LOSSY)
def test_a_codestream_with_loss_in_a_file_that_says_lossless_is_refused(
    tmp_path: Path, recode: Callable[[Path], None], declared: str, why: str
) -> None:
    write(tmp_path / "a", smooth(dtype=np.uint8))
    recode(tmp_path / "a")
    set_syntax(tmp_path / "a", declared)
    silence(tmp_path / "a")
    assert instances(tmp_path / "a")[0].loss == ""
    with pytest.raises(LossyPixelsError, match=why):
        read(tmp_path / "a")


def test_a_near_lossless_syntax_with_a_codestream_without_errors_is_measured(tmp_path: Path) -> None:
    stored = write(tmp_path / "a", smooth(), LossyImageCompression="00")
    JPEG_LS(tmp_path / "a")
    set_syntax(tmp_path / "a", JPEGLSNearLossless)
    np.testing.assert_array_equal(read(tmp_path / "a"), stored)


def make_smaller(marker: bytes, at: int, size: int) -> Callable[[bytearray], None]:
    def edit(frame: bytearray) -> None:
        start = after(frame, marker) + at
        frame[start : start + size] = (int.from_bytes(frame[start : start + size]) // 2).to_bytes(size)

    return edit


@pytest.mark.parametrize(
    ("recode", "edit"),
    [
        (JPEG, make_smaller(b"\xff\xc3", 1, 2)),
        (JPEG, make_smaller(b"\xff\xc3", 3, 2)),
        (JPEG_LS, make_smaller(b"\xff\xf7", 1, 2)),
        (J2K, make_smaller(b"\xff\x51", 2, 4)),
        (J2K, make_smaller(b"\xff\x51", 6, 4)),
    ],
)
def test_a_codestream_of_another_size_is_refused(
    tmp_path: Path, recode: Callable[[Path], None], edit: Callable[[bytearray], None]
) -> None:
    write(tmp_path / "a", smooth())
    recode(tmp_path / "a")
    patch(tmp_path / "a", edit)
    with pytest.raises(UnusablePixelsError, match=r"of the codestream are .* but the header says 64 x 70 x 1"):
        read(tmp_path / "a")


@pytest.mark.parametrize("rows", [32, 63, 128])
@pytest.mark.parametrize("recode", [JPEG, JPEG_LS, J2K, RLE])
def test_a_header_of_another_size_is_refused(tmp_path: Path, recode: Callable[[Path], None], rows: int) -> None:
    write(tmp_path / "a", smooth())
    recode(tmp_path / "a")
    rewrite(tmp_path / "a", lambda ds: setattr(ds, "Rows", rows))
    with pytest.raises(UnusablePixelsError, match="Rows"):
        read(tmp_path / "a")


@pytest.mark.parametrize(
    ("recode", "syntax"), [(JPEG, JPEGLSLossless), (J2K, JPEGLossless), (JPEG_LS, JPEG2000Lossless)]
)
def test_a_codestream_of_another_kind_is_refused(tmp_path: Path, recode: Callable[[Path], None], syntax: str) -> None:
    write(tmp_path / "a", smooth())
    recode(tmp_path / "a")
    set_syntax(tmp_path / "a", syntax)
    with pytest.raises(UnusablePixelsError, match="codestream, but the transfer syntax says"):
        read(tmp_path / "a")


@pytest.mark.parametrize("recode", [JPEG, RLE])
def test_compressed_pixels_of_no_known_kind_are_refused(tmp_path: Path, recode: Callable[[Path], None]) -> None:
    write(tmp_path / "a", smooth())
    recode(tmp_path / "a")
    set_syntax(tmp_path / "a", RLELossless if recode is JPEG else JPEGLossless)
    with pytest.raises(UnusablePixelsError, match=r"RLE frame has|not compressed as the transfer syntax says"):
        read(tmp_path / "a")


def rle_header(*words: int) -> Callable[[bytearray], None]:
    def edit(frame: bytearray) -> None:
        frame[: 4 * len(words)] = pack(f"<{len(words)}L", *words)

    return edit


def insert(at: int) -> Callable[[bytearray], None]:
    return lambda frame: frame.insert(at, frame[at])


@pytest.mark.parametrize(
    "edit", [rle_header(1), rle_header(3), rle_header(2, 60), rle_header(2, 64, 64), rle_header(2, 64, 1 << 30)]
)
def test_rle_segments_that_do_not_fit_the_header_are_refused(tmp_path: Path, edit: Callable[[bytearray], None]) -> None:
    write(tmp_path / "a", smooth())
    RLE(tmp_path / "a")
    patch(tmp_path / "a", edit)
    with pytest.raises(UnusablePixelsError, match="RLE frame"):
        read(tmp_path / "a")


@pytest.mark.parametrize("at", [64, 70, 100, 300, 1000, -3])
def test_a_byte_too_many_in_an_rle_frame_is_never_measured(tmp_path: Path, at: int) -> None:
    write(tmp_path / "a", np.random.default_rng(1).integers(0, 4096, (1, 64, 70)).astype(np.uint16))
    RLE(tmp_path / "a")
    patch(tmp_path / "a", insert(at))
    with pytest.raises(UnusablePixelsError, match="RLE frame"):
        read(tmp_path / "a")


@pytest.mark.parametrize("name", ["JPEG Lossless SV1", "JPEG-LS", "JPEG 2000", "RLE"])
@settings(max_examples=20)
@given(data=st.data())
def test_a_damaged_frame_is_read_or_refused_with_a_reason(
    tmp_path_factory: pytest.TempPathFactory, name: str, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("damaged") / "a"
    write(path, smooth())
    RECODERS[name](path)

    def damage(frame: bytearray) -> None:
        for _ in range(data.draw(st.integers(1, 3))):
            frame[data.draw(st.integers(0, min(120, len(frame) - 1)))] = data.draw(st.integers(0, 255))

    patch(path, damage)
    try:
        read(path)
    except (TruncatedFileError, UnusablePixelsError, LossyPixelsError) as error:
        assert str(error)  # noqa: PT017 - most damage is an error, some is not seen


@given(st.binary(max_size=300), st.sampled_from([b"\xff\xd8", b"\xff\xd8\xff\xc3", b"\xff\x4f\xff\x51", b""]))
def test_bytes_of_any_kind_have_no_head_or_an_error(tail: bytes, start: bytes) -> None:
    try:
        read_codestream(start + tail)
    except CodestreamError as error:
        assert str(error)  # noqa: PT017 - few are read


def test_jpeg_2000_in_its_own_file_format_is_read(tmp_path: Path) -> None:
    write(tmp_path / "a", smooth())
    pydicom_encoder(JPEG2000Lossless)(tmp_path / "a")
    ds = dcmread(tmp_path / "a")
    frame = next(generate_frames(ds.PixelData, number_of_frames=1))
    wrapped = b"\0\0\0\x0cjP  \r\n\x87\n" + pack(">L4s", 8 + len(frame), b"jp2c") + frame
    assert read_codestream(wrapped) == read_codestream(frame)
    assert issubclass(UnusablePixelsError, MreError)
