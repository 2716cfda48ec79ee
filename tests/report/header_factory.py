"""Headers of the images that a report is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydicom import Dataset, dcmread
from pydicom.charset import convert_encodings
from pydicom.dataset import FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_data_element, write_file_meta_info
from pydicom.tag import Tag
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage, generate_uid

from liver_mre.report.quiet import quiet
from liver_mre.report.source.elements import text_of
from liver_mre.report.source.header import SourceHeader, clean_header
from liver_mre.report.wording import SIMULATION_MARKER
from liver_mre.studies.dicom_file import Header
from liver_mre.studies.headers import to_instances

if TYPE_CHECKING:
    from collections.abc import Sequence

    from liver_mre.studies.study import Instance

ROWS, COLUMNS = 102, 128
SPACING_MM = (3.125, 3.125)
ORIENTATION = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
SLICE_SPACING_MM = 11.0


def as_read(header: Dataset) -> Dataset:
    """Return a header as it is read from a file: its values not yet converted; bytes of raw elements are kept."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    stream = DicomBytesIO(b"\0" * 128 + b"DICM")
    stream.is_little_endian, stream.is_implicit_VR = True, False
    stream.seek(0, 2)
    sets = (text_of(header, Tag("SpecificCharacterSet")) or b"").decode("ascii", errors="ignore").split("\\")
    with quiet():
        write_file_meta_info(stream, meta, enforce_standard=False)
        encodings = convert_encodings(sets)
        for tag in sorted(header.keys()):
            write_data_element(stream, header.get_item(tag), encodings)
        stream.seek(0)
        return dcmread(stream)


def images_of(header: Dataset, source: str = "", *, storage_class: str = "") -> tuple[Instance, ...]:
    """Return the instances that a run makes of a header as it is read, without looking for its pixels."""
    syntax = str(header.file_meta.get("TransferSyntaxUID", ""))
    return to_instances(Header(header, syntax, storage_class, bare=False, pixels=None), source, b"key")


def image_of(header: Dataset) -> Instance:
    """Return the instance that a run makes of a header."""
    with quiet():
        return images_of(as_read(header))[0]


def source_of(header: Dataset) -> SourceHeader:
    """Return what results take over from a header."""
    with quiet():
        return clean_header(as_read(header))


def source_headers(order: Sequence[int], *, simulated: bool) -> tuple[Dataset, ...]:
    study, series, frame = generate_uid(), generate_uid(), generate_uid()
    headers = []
    for index in order:
        header = Dataset()
        for keyword, value in (_PATIENT_AND_STUDY | _SERIES | _IMAGE).items():
            setattr(header, keyword, value)
        header.StudyInstanceUID, header.SeriesInstanceUID, header.FrameOfReferenceUID = study, series, frame
        header.SOPInstanceUID = generate_uid()
        header.InstanceNumber = index + 1
        header.ImagePositionPatient = [-200.0, -159.375, SLICE_SPACING_MM * index]
        header.SliceLocation = SLICE_SPACING_MM * index
        if simulated:
            header.ImageComments = SIMULATION_MARKER
        headers.append(header)
    return tuple(headers)


_PATIENT_AND_STUDY = {
    "PatientName": "Simulated^Liver",
    "PatientID": "SIM-0001",
    "PatientBirthDate": "19700101",
    "PatientSex": "O",
    "PatientAge": "055Y",
    "PatientWeight": 80.0,
    "StudyDate": "20250304",
    "StudyTime": "090000",
    "StudyID": "1",
    "StudyDescription": "MR liver with elastography",
    "AccessionNumber": "ACC1",
    "ReferringPhysicianName": "",
}
_SERIES = {
    "SOPClassUID": MRImageStorage,
    "Modality": "MR",
    "Manufacturer": "SIEMENS",
    "ManufacturerModelName": "Aera",
    "SoftwareVersions": "syngo MR E11",
    "DeviceSerialNumber": "12345",
    "SeriesNumber": 12,
    "SeriesDate": "20250304",
    "SeriesTime": "091500",
    "SeriesDescription": "greMRE_P_StiffC95",
    "ProtocolName": "greMRE_tra_p2_bh_128",
    "BodyPartExamined": "LIVER",
    "PatientPosition": "HFS",
    "PositionReferenceIndicator": "",
    "TimezoneOffsetFromUTC": "+0100",
}
_IMAGE = {
    "ImageType": ["DERIVED", "PRIMARY", "M", "ND"],
    "ContentDate": "20250304",
    "ContentTime": "091500",
    "AcquisitionDate": "20250304",
    "AcquisitionTime": "091500",
    "ScanningSequence": "GR",
    "SequenceVariant": "SP",
    "ScanOptions": "",
    "MRAcquisitionType": "2D",
    "SequenceName": "*greMR2d1",
    "RepetitionTime": 50.0,
    "EchoTime": 22.7,
    "EchoTrainLength": 1,
    "SliceThickness": 5.0,
    "SpacingBetweenSlices": SLICE_SPACING_MM,
    "ImageOrientationPatient": list(ORIENTATION),
    "PixelSpacing": list(SPACING_MM),
    "Rows": ROWS,
    "Columns": COLUMNS,
    "SamplesPerPixel": 1,
    "PhotometricInterpretation": "MONOCHROME2",
    "BitsAllocated": 16,
    "BitsStored": 12,
    "HighBit": 11,
    "PixelRepresentation": 0,
    "WindowCenter": 400,
    "WindowWidth": 800,
    "LossyImageCompression": "00",
}
