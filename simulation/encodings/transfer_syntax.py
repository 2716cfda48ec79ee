"""Lossless transcoding of written files to other transfer syntaxes, as archives send them.

pydicom encodes RLE and the uncompressed syntaxes, pyjpegls JPEG-LS, and GDCM JPEG Lossless and JPEG 2000.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate, generate_frames
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
    SecondaryCaptureImageStorage,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

TRANSFER_SYNTAXES: Final[Mapping[str, UID]] = {
    "rle": RLELossless,
    "jpeg-lossless": JPEGLosslessSV1,
    "jpeg-ls": JPEGLSLossless,
    "jpeg-2000": JPEG2000Lossless,
    "big-endian": ExplicitVRBigEndian,
    "implicit": ImplicitVRLittleEndian,
    "deflated": DeflatedExplicitVRLittleEndian,
}
"""Transfer syntaxes by name on the command line."""
_BY_GDCM: Final = (JPEGLosslessSV1, JPEG2000Lossless)
_BIT_PLANES: Final = (0x6000, 0x3000)
_PIXEL_MODULE: Final = (
    *("Rows", "Columns", "SamplesPerPixel", "PhotometricInterpretation", "PlanarConfiguration"),
    *("BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation"),
)


def transcode(files: Iterable[Path], name: str) -> None:
    """Transcode files in Explicit VR Little Endian in place, with unchanged UIDs and pixel values."""
    syntax = TRANSFER_SYNTAXES[name]
    for file in files:
        ds = dcmread(file)
        if syntax in _BY_GDCM:
            _compress_by_gdcm(ds, syntax)
        elif syntax.is_compressed and syntax != DeflatedExplicitVRLittleEndian:
            ds.compress(syntax, generate_instance_uid=False)
        elif syntax == ExplicitVRBigEndian:
            _swap(ds)
        ds.file_meta.TransferSyntaxUID = syntax
        # Elements are decoded lazily, in the byte order of the file that was read: decode all before writing another.
        ds.decode()
        # A bare data set has no encoding of its own to contradict the new one.
        bare = Dataset(ds)
        bare.file_meta = ds.file_meta
        bare.save_as(
            file, implicit_vr=syntax.is_implicit_VR, little_endian=syntax.is_little_endian, enforce_file_format=True
        )


def _swap(ds: Dataset) -> None:
    """Swap the bytes of OW elements, which pydicom writes unchanged."""
    if ds["PixelData"].VR == "OW":
        ds.PixelData = np.frombuffer(ds.PixelData, "<u2").astype(">u2").tobytes()
    if _BIT_PLANES in ds:
        planes = ds[_BIT_PLANES]
        planes.value = np.frombuffer(planes.value, "<u2").astype(">u2").tobytes()


def _compress_by_gdcm(ds: Dataset, syntax: UID) -> None:
    frames = int(ds.get("NumberOfFrames", 1))
    size = ds.Rows * ds.Columns * ds.SamplesPerPixel * ds.BitsAllocated // 8
    plain = [ds.PixelData[number * size : (number + 1) * size] for number in range(frames)]
    with tempfile.TemporaryDirectory() as folder:
        coded = [_one_frame(ds, frame, syntax, Path(folder)) for frame in plain]
    ds.PixelData = encapsulate(coded)
    ds["PixelData"].VR = "OB"
    ds["PixelData"].is_undefined_length = True


def _one_frame(ds: Dataset, frame: bytes, syntax: UID, folder: Path) -> bytes:
    """Compress one frame in a minimal file, so that GDCM cannot change other attributes."""
    import gdcm  # type: ignore[import-untyped]

    source, target = folder / "source.dcm", folder / "target.dcm"
    _bare(ds, frame).save_as(source, enforce_file_format=True)
    reader = gdcm.ImageReader()
    reader.SetFileName(str(source))
    read = reader.Read()
    change = gdcm.ImageChangeTransferSyntax()
    change.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.GetTSType(str(syntax))))
    change.SetInput(reader.GetImage())
    changed = read and change.Change()
    writer = gdcm.ImageWriter()
    writer.SetFileName(str(target))
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    if not (changed and writer.Write()):
        message = f"GDCM could not encode an image as {syntax.name}"
        raise RuntimeError(message)
    return next(generate_frames(dcmread(target).PixelData, number_of_frames=1))


def _bare(ds: Dataset, frame: bytes) -> Dataset:
    bare = Dataset()
    bare.SOPClassUID, bare.SOPInstanceUID = SecondaryCaptureImageStorage, ds.SOPInstanceUID
    for keyword in _PIXEL_MODULE:
        if keyword in ds:
            setattr(bare, keyword, ds[keyword].value)
    bare.PixelData = frame
    bare.file_meta = FileMetaDataset()
    bare.file_meta.MediaStorageSOPClassUID = bare.SOPClassUID
    bare.file_meta.MediaStorageSOPInstanceUID = bare.SOPInstanceUID
    bare.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return bare
