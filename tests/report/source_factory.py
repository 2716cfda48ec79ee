"""The same simulated exam in other encodings: enhanced objects, several series, rotated slices."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import EnhancedMRImageStorage, ExplicitVRLittleEndian, generate_uid

from liver_mre.report.source.files import read_source
from liver_mre.report.source.header import clean_header
from tests.report.content_factory import COLUMNS, ROWS, Exam, changed
from tests.report.header_factory import SLICE_SPACING_MM, image_of, source_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from liver_mre.studies.study import Orientation

Place = tuple[int, int]
"""Enhanced object, from 0, and frame, from 1, of a slice."""

_IN_FUNCTIONAL_GROUPS = (
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "PixelSpacing",
    "SliceThickness",
    "SpacingBetweenSlices",
    "SliceLocation",
    "InstanceNumber",
)


def as_frames(content: Exam, folder: Path, places: Sequence[Place], *, shared: bool = True) -> Exam:
    """Return content whose slices are frames of enhanced MR objects, written into a folder.

    Parameters
    ----------
    content : of classic images
    folder : where to write the objects
    places : of each slice; frames without a slice hold another image at another position
    shared : whether orientation and pixel spacing are in the shared functional groups
    """
    counts = [max(frame for index, frame in places if index == place) for place in sorted({i for i, _ in places})]
    written = {}
    for place, count in enumerate(counts):
        taken = {frame: s for s, (index, frame) in enumerate(places) if index == place}
        frames = [
            content.headers[taken[f]] if f in taken else _elsewhere(content.headers[0], f) for f in range(1, count + 1)
        ]
        enhanced = enhanced_object(frames, shared=shared)
        path = folder / f"enhanced{place}.dcm"
        enhanced.save_as(path, enforce_file_format=True)
        written[place] = (str(path), str(enhanced.SOPInstanceUID))
    instances = tuple(
        replace(
            instance,
            source=written[place][0],
            sop_instance_uid=written[place][1],
            sop_class_uid=str(EnhancedMRImageStorage),
            frame_number=frame,
        )
        for instance, (place, frame) in zip(content.volume.instances, places, strict=True)
    )
    framed = _with_instances(content, instances, content.headers)
    return replace(framed, source=clean_header(read_source(instances[0])))


def as_series(content: Exam) -> Exam:
    """Return content with one series per slice, as acquired breath-hold by breath-hold."""
    sources = []
    for number, source in enumerate(content.headers):
        header = copy.deepcopy(source)
        header.SeriesInstanceUID = generate_uid()
        header.SeriesNumber = 12 + number
        header.InstanceNumber = 1
        header.SpacingBetweenSlices = header.SliceThickness  # of a single slice: says nothing about its neighbours
        sources.append(header)
    return _with_instances(content, tuple(map(image_of, sources)), tuple(sources))


def turned(content: Exam, orientation: Orientation, *, patient_position: str = "HFS") -> Exam:
    """Return content with slices of another orientation, stacked along their normal."""
    row, column = np.array(orientation[:3]), np.array(orientation[3:])
    normal = np.cross(row, column)
    sources = []
    for source in content.headers:
        header = copy.deepcopy(source)
        distance_mm = SLICE_SPACING_MM * (header.InstanceNumber - 1)
        position = np.array([-200.0, -159.375, 20.0]) + distance_mm * normal
        header.ImagePositionPatient = [f"{value:.9f}" for value in position]
        header.ImageOrientationPatient = [f"{value:.9f}" for value in orientation]
        header.PatientPosition = patient_position
        sources.append(header)
    return _with_instances(content, tuple(map(image_of, sources)), tuple(sources))


def enhanced_object(frames: Sequence[Dataset], *, shared: bool = True) -> Dataset:
    """Make an enhanced MR object of classic headers, with pixels; geometry is in its functional groups only."""
    enhanced = copy.deepcopy(frames[0])
    for keyword in _IN_FUNCTIONAL_GROUPS:
        del enhanced[keyword]
    enhanced.SOPClassUID = EnhancedMRImageStorage
    enhanced.SOPInstanceUID = generate_uid()
    enhanced.InstanceNumber = 1
    enhanced.NumberOfFrames = len(frames)
    common = _unchanging_groups(frames[0]) if shared else Dataset()
    enhanced.SharedFunctionalGroupsSequence = [common]
    per_frame = []
    for frame in frames:
        groups = Dataset() if shared else _unchanging_groups(frame)
        groups.PlanePositionSequence = [_item(ImagePositionPatient=frame.ImagePositionPatient)]
        groups.FrameContentSequence = [_item(InStackPositionNumber=frame.InstanceNumber, StackID="1")]
        per_frame.append(groups)
    enhanced.PerFrameFunctionalGroupsSequence = per_frame
    enhanced.PixelData = np.zeros((len(frames), ROWS, COLUMNS), "<u2").tobytes()
    enhanced["PixelData"].VR = "OW"
    enhanced.file_meta = FileMetaDataset()
    enhanced.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    enhanced.file_meta.MediaStorageSOPClassUID = enhanced.SOPClassUID
    enhanced.file_meta.MediaStorageSOPInstanceUID = enhanced.SOPInstanceUID
    return enhanced


def _unchanging_groups(frame: Dataset) -> Dataset:
    groups = Dataset()
    groups.PlaneOrientationSequence = [_item(ImageOrientationPatient=frame.ImageOrientationPatient)]
    groups.PixelMeasuresSequence = [
        _item(
            PixelSpacing=frame.PixelSpacing,
            SliceThickness=frame.SliceThickness,
            SpacingBetweenSlices=frame.SpacingBetweenSlices,
        )
    ]
    return groups


def _item(**values: object) -> Dataset:
    item = Dataset()
    for keyword, value in values.items():
        setattr(item, keyword, value)
    return item


def _elsewhere(source: Dataset, frame: int) -> Dataset:
    header = copy.deepcopy(source)
    header.ImagePositionPatient = [0.0, 0.0, -1000.0 - frame]
    return header


def _with_instances(content: Exam, instances: tuple, headers: tuple[Dataset, ...]) -> Exam:
    measured = content.measured.measurement
    slices = tuple(
        replace(part, sop_instance_uid=instances[part.slice_index].sop_instance_uid) for part in measured.slices
    )
    return changed(
        content,
        volume=replace(content.volume, instances=instances),
        measurement=replace(measured, slices=slices),
        headers=headers,
        source=source_of(headers[0]),
    )
