"""Multi-frame objects stored in parts, as a sender with a limit on the size of files stores them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydicom import dcmread
from pydicom.uid import generate_uid

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def split(file: Path, sizes: Sequence[int]) -> list[Path]:
    """Replace a multi-frame object by a concatenation with so many frames in each part; return the files."""
    whole = dcmread(file)
    frame_bytes = len(whole.PixelData) // whole.NumberOfFrames
    source, concatenation, before, files = whole.SOPInstanceUID, generate_uid(), 0, []
    for number, frames in enumerate(sizes, start=1):
        part = dcmread(file)
        part.SOPInstanceUID = part.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        part.ConcatenationUID, part.SOPInstanceUIDOfConcatenationSource = concatenation, source
        part.InConcatenationNumber, part.InConcatenationTotalNumber = number, len(sizes)
        part.ConcatenationFrameOffsetNumber, part.NumberOfFrames = before, frames
        groups = whole.PerFrameFunctionalGroupsSequence
        part.PerFrameFunctionalGroupsSequence = groups[before : before + frames]
        part.PixelData = whole.PixelData[before * frame_bytes : (before + frames) * frame_bytes]
        before += frames
        files.append(file.with_name(f"{file.name}-{number}"))
        part.save_as(files[-1])
    file.unlink()
    return files
