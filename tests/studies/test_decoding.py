from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import gdcm
import numpy as np
import pytest
from pydicom import dcmread, dcmwrite
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    RLELossless,
)

from liver_mre.errors import LossyPixelsError, TruncatedFileError, UnusablePixelsError
from liver_mre.studies import decoding, frame_words
from liver_mre.studies.decoding import read_images
from liver_mre.studies.reader import read_studies
from tests.studies.enhanced import Frame, enhanced, save

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from pydicom import Dataset

    from liver_mre.studies.study import Instance

    Recode = Callable[[Path], None]

# Stored type, bits stored, smallest and largest value.
PIXELS = {
    "unsigned 16": (np.uint16, 16, 0, 65535),
    "unsigned 12 in 16": (np.uint16, 12, 0, 4095),
    "signed 16": (np.int16, 16, -32768, 32767),
    "signed 12 in 16": (np.int16, 12, -2048, 2047),
    "unsigned 8": (np.uint8, 8, 0, 255),
}


def smooth(kind: str, frames: int = 2) -> NDArray[np.integer]:
    """Return images with every extreme, partly smooth and partly noise."""
    dtype, _, low, high = PIXELS[kind]
    ramp = np.linspace(low, high, 64 * 70).reshape(64, 70)
    noise = np.random.default_rng(3).integers(low, high, (frames, 64, 70), endpoint=True)
    return np.where(np.indices((64, 70))[0] < 40, np.rint(ramp), noise).astype(dtype)


def written(path: Path, kind: str) -> NDArray[np.integer]:
    stored = smooth(kind)
    bits = PIXELS[kind][1]
    frames = [Frame(image, float(z)) for z, image in enumerate(stored)]
    save(enhanced(frames, BitsStored=bits, HighBit=bits - 1), path)
    return stored


def instances(path: Path) -> tuple[Instance, ...]:
    return read_studies(path).studies[0].series[0].instances


def read(path: Path) -> NDArray[np.integer]:
    return np.stack([image.stored for image in read_images(instances(path))])


def rewrite(path: Path, edit: Callable[[Dataset], object]) -> None:
    ds = dcmread(path)
    edit(ds)
    ds.save_as(path)


def uncompressed(syntax: str) -> Recode:
    def recode(path: Path) -> None:
        ds = dcmread(path)
        if syntax == ExplicitVRBigEndian and ds.BitsAllocated == 16:
            ds.PixelData = np.frombuffer(ds.PixelData, "<u2").astype(">u2").tobytes()
            ds["PixelData"].VR = "OW"
        ds.file_meta.TransferSyntaxUID = syntax
        assert list(ds.iterall())  # every element is read before it is written in another byte order
        little = syntax != ExplicitVRBigEndian
        dcmwrite(path, ds, implicit_vr=syntax == ImplicitVRLittleEndian, little_endian=little)

    return recode


def pydicom_encoder(syntax: str) -> Recode:
    return lambda path: rewrite(path, lambda ds: ds.compress(syntax, generate_instance_uid=False))


def gdcm_encoder(syntax: int) -> Recode:
    def recode(path: Path) -> None:
        reader = gdcm.ImageReader()
        reader.SetFileName(str(path))
        assert reader.Read()
        change = gdcm.ImageChangeTransferSyntax()
        change.SetTransferSyntax(gdcm.TransferSyntax(syntax))
        change.SetInput(reader.GetImage())
        assert change.Change()
        writer = gdcm.ImageWriter()
        writer.SetFile(reader.GetFile())
        writer.SetImage(change.GetOutput())
        writer.SetFileName(str(path))
        assert writer.Write()

    return recode


def dcmtk_encoder(tool: str, *options: str) -> Recode:
    def recode(path: Path) -> None:
        if not Path("/usr/bin", tool).exists():
            pytest.skip(f"{tool} is not installed (Debian package dcmtk)")
        command = [f"/usr/bin/{tool}", *options, "+un", str(path), str(path)]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    return recode


RECODERS: dict[str, Recode] = {
    "implicit little endian": uncompressed(ImplicitVRLittleEndian),
    "explicit little endian": uncompressed(ExplicitVRLittleEndian),
    "explicit big endian": uncompressed(ExplicitVRBigEndian),
    "deflated": uncompressed(DeflatedExplicitVRLittleEndian),
    "RLE": pydicom_encoder(RLELossless),
    "JPEG Lossless": gdcm_encoder(gdcm.TransferSyntax.JPEGLosslessProcess14),
    "JPEG Lossless SV1": gdcm_encoder(gdcm.TransferSyntax.JPEGLosslessProcess14_1),
    "JPEG Lossless by dcmtk": dcmtk_encoder("dcmcjpeg", "+el"),
    "JPEG Lossless SV1 by dcmtk": dcmtk_encoder("dcmcjpeg", "+e1"),
    "JPEG-LS": pydicom_encoder(JPEGLSLossless),
    "JPEG-LS by dcmtk": dcmtk_encoder("dcmcjpls", "+el"),
    "JPEG 2000": pydicom_encoder(JPEG2000Lossless),
    "JPEG 2000 by GDCM": gdcm_encoder(gdcm.TransferSyntax.JPEG2000Lossless),
}


@pytest.mark.parametrize("kind", PIXELS)
@pytest.mark.parametrize("recode", RECODERS.values(), ids=RECODERS)
def test_stored_values_come_back_from_every_transfer_syntax(tmp_path: Path, kind: str, recode: Recode) -> None:
    stored = written(tmp_path / "a", kind)
    recode(tmp_path / "a")
    found = read(tmp_path / "a")
    np.testing.assert_array_equal(found, stored)
    assert found.dtype.kind == stored.dtype.kind


@pytest.mark.parametrize("kind", ["unsigned 12 in 16", "signed 12 in 16"])
def test_overlay_planes_in_unused_bits_do_not_touch_the_values(tmp_path: Path, kind: str) -> None:
    stored = written(tmp_path / "a", kind)
    planes = np.random.default_rng(1).integers(0, 16, stored.shape).astype(np.uint16) << 12
    words = (stored.view(np.uint16) & 0x0FFF) | planes
    rewrite(tmp_path / "a", lambda ds: setattr(ds, "PixelData", words.tobytes()))
    for bit in range(12, 16):  # what a bit holds that is not named as an overlay may belong to the value
        with pytest.raises(UnusablePixelsError, match="above the 12 bits that BitsStored says"):
            read(tmp_path / "a")
        rewrite(tmp_path / "a", lambda ds, bit=bit: ds.add_new((0x6000 + 2 * (bit - 12), 0x0102), "US", bit))
    np.testing.assert_array_equal(read(tmp_path / "a"), stored)


@pytest.mark.parametrize(
    ("syntax", "said", "lossy"),
    [
        (ExplicitVRLittleEndian, "01", True),
        (ExplicitVRLittleEndian, "00", False),
        (ExplicitVRLittleEndian, None, False),
        (JPEGLSLossless, "01", True),
        (JPEGLSLossless, "00", False),
        (JPEG2000Lossless, None, False),
    ],
)
def test_pixels_that_lost_something_at_any_time_are_refused(
    tmp_path: Path, syntax: str, said: str | None, *, lossy: bool
) -> None:
    written(tmp_path / "a", "unsigned 16")
    if syntax != ExplicitVRLittleEndian:
        pydicom_encoder(syntax)(tmp_path / "a")
    if said is not None:
        rewrite(tmp_path / "a", lambda ds: setattr(ds, "LossyImageCompression", said))
    assert {bool(image.loss) for image in instances(tmp_path / "a")} == {lossy}
    if lossy:
        with pytest.raises(LossyPixelsError, match="LossyImageCompression"):
            read(tmp_path / "a")
    else:
        read(tmp_path / "a")


@pytest.mark.parametrize(
    ("syntax", "said", "lossy"),
    [
        ("1.2.840.10008.1.2.4.50", "00", True),
        ("1.2.840.10008.1.2.4.51", "00", True),
        ("1.2.840.10008.1.2.4.81", None, True),
        ("1.2.840.10008.1.2.4.81", "00", False),
        ("1.2.840.10008.1.2.4.91", None, True),
        ("1.2.840.10008.1.2.4.91", "00", False),
        ("1.2.840.10008.1.2.4.203", "01", True),
    ],
)
def test_a_transfer_syntax_that_may_lose_is_lossy_unless_the_header_says_otherwise(
    tmp_path: Path, syntax: str, said: str | None, *, lossy: bool
) -> None:
    written(tmp_path / "a", "unsigned 8")
    pydicom_encoder(JPEG2000Lossless)(tmp_path / "a")
    ds = dcmread(tmp_path / "a")
    ds.file_meta.TransferSyntaxUID = syntax
    if said is not None:
        ds.LossyImageCompression = said
    ds.save_as(tmp_path / "a")
    assert bool(instances(tmp_path / "a")[0].loss) == lossy


@pytest.mark.parametrize("recode", [RECODERS["JPEG Lossless"], RECODERS["JPEG-LS"], RECODERS["JPEG 2000"]])
def test_a_compressed_file_that_is_cut_off_is_an_error(tmp_path: Path, recode: Recode) -> None:
    written(tmp_path / "a", "unsigned 16")
    recode(tmp_path / "a")
    raw = (tmp_path / "a").read_bytes()
    (tmp_path / "a").write_bytes(raw[: len(raw) - 800])
    with pytest.raises(TruncatedFileError):
        read(tmp_path / "a")


def test_an_object_is_opened_once_and_only_its_wanted_frames_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = written(tmp_path / "a", "unsigned 16")
    found = instances(tmp_path / "a")
    opened: list[object] = []
    decoded: list[object] = []
    real_open, real_read = decoding.opened, frame_words.FrameReader.read
    monkeypatch.setattr(decoding, "opened", lambda *a, **k: opened.append(a) or real_open(*a, **k))
    monkeypatch.setattr(frame_words.FrameReader, "read", lambda self, n: decoded.append(n) or real_read(self, n))
    images = read_images([found[1], found[1], found[0]])
    np.testing.assert_array_equal([image.stored for image in images], stored[[1, 1, 0]])
    assert (len(opened), decoded) == (1, [1, 1, 0])
