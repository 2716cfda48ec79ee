"""The elements that the application reads, and the values that mutations give them."""

from __future__ import annotations

from typing import Any, Final

FACTORS: Final = (0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 1.01, 1.02, 1.05, 1.1, 1.2, 1.5, 2.0, 3.0)
STEPS: Final = (-10.0, -5.0, -1.0, -0.5, -0.1, 0.1, 0.5, 1.0, 5.0, 10.0, 100.0)
PIXELS_NEAR: Final = (-8, -3, -2, -1, 1, 2, 3, 8)
PLACED: Final = (
    *("ImagePositionPatient", "ImagePositionPatient", "ImagePositionPatient+SliceLocation", "InstanceNumber"),
    *("SOPInstanceUID", "AcquisitionTime", "RescaleSlope", "RescaleIntercept", "RealWorldValueSlope"),
    *("RealWorldValueMappingSequence", "PixelValueTransformationSequence", "PlanePositionSequence"),
    *("InStackPositionNumber", "TemporalPositionIdentifier", "TemporalPositionIndex", "ImageOrientationPatient"),
    *("SeriesInstanceUID", "SeriesDescription", "AcquisitionNumber", "FrameContentSequence"),
)
"""Elements that tell images apart; several are exchanged together."""
NUMBERS: Final = (
    *("Rows", "Columns", "NumberOfFrames", "SamplesPerPixel", "BitsAllocated", "BitsStored", "HighBit"),
    *("PixelRepresentation", "PixelSpacing", "SliceThickness", "SpacingBetweenSlices", "SliceLocation"),
    *("ImagePositionPatient", "ImageOrientationPatient", "ReconstructionDiameter", "WindowCenter", "WindowWidth"),
    *("RescaleSlope", "RescaleIntercept", "RealWorldValueSlope", "RealWorldValueIntercept"),
    *("RealWorldValueFirstValueMapped", "RealWorldValueLastValueMapped", "InstanceNumber", "SeriesNumber"),
    *("AcquisitionNumber", "FrameAcquisitionNumber", "TemporalPositionIdentifier", "TemporalPositionIndex"),
    *("InStackPositionNumber", "AcquisitionTime", "AcquisitionDate", "AcquisitionDateTime"),
    *("SmallestImagePixelValue", "LargestImagePixelValue", "PlanarConfiguration", "00200105"),
    *("60000010", "60000011", "60000015", "60000050", "60000051", "60000100", "60000102"),
)
TEXTS: Final = (
    *("ModalityLUTSequence", "60003000", "60000040", "60001500"),
    *("Manufacturer", "ManufacturerModelName", "SeriesDescription", "ProtocolName", "SequenceName"),
    *("PulseSequenceName", "ImageComments", "FrameComments", "PatientID", "PatientName", "PatientBirthDate"),
    *("IssuerOfPatientID", "StudyDescription", "StudyDate", "StudyID", "AccessionNumber", "0019109C", "00190010"),
    *(
        "FrameAcquisitionDateTime",
        "LossyImageCompressionRatio",
        "LossyImageCompressionMethod",
        "PositionReferenceIndicator",
    ),
)
CODES: Final[dict[str, tuple[str, ...]]] = {
    "ImageType": (
        *("DERIVED\\PRIMARY\\MMDI3D\\STIFFNESS", "DERIVED\\PRIMARY\\MMDI3D\\CONFIDENCE", "ORIGINAL\\PRIMARY\\M"),
        *("DERIVED\\SECONDARY", "ORIGINAL\\PRIMARY\\P\\WV", "ORIGINAL\\PRIMARY\\ELASTO"),
    ),
    "FrameType": ("DERIVED\\PRIMARY\\MRE\\OTHER", "ORIGINAL\\PRIMARY\\M\\FFE"),
    "Modality": ("CT", "PR", "OT", "mr", "SR"),
    "BodyPartExamined": ("HEAD", "LIVER", "KNEE", "abdomen"),
    "ComplexImageComponent": ("PHASE", "MAGNITUDE", "REAL"),
    "PhotometricInterpretation": ("MONOCHROME1", "RGB", "PALETTE COLOR", "monochrome2"),
    "LossyImageCompression": ("01", "00", "1", "YES", "01\\01"),
    "SpecificCharacterSet": ("ISO_IR 192", "ISO_IR 6", "", "ISO 2022 IR 87", "latin1"),
    "RescaleType": ("kPa", "Pa", "US", "%", "KPA", "HU", "1"),
    "CodeValue": ("kPa", "Pa", "1", "%", "mPa"),
    "CodingSchemeDesignator": ("UCUM", "99PHILIPS", ""),
    "Manufacturer": ("SIEMENS", "GE MEDICAL SYSTEMS", "Philips", "CANON_MEC", "Resoundant"),
    "SeriesDescription": (
        *("MRE Stiffness", "Elastogram", "Confidence Map", "_P_Stiff", "greMRE_StiffC95", "stgrym", "MRE Magnitude"),
        *("Elastogram 95% Masked", "stgry", "MRE Stiffness unmasked"),
    ),
    "ImageComments": ("stiffness", "confidence", "magnitude", "PhaseDiff"),
    "SequenceName": ("greMR", "epseMR", "fgremre"),
    "PatientPosition": ("FFS", "HFP", ""),
    "00020010": ("1.2.840.10008.1.2", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.5", "1.2.3", ""),
    "SOPClassUID": (
        *("1.2.840.10008.5.1.4.1.1.7", "1.2.840.10008.5.1.4.1.1.4.1", "1.2.840.10008.5.1.4.1.1.4"),
        *("1.2.840.10008.5.1.4.1.1.4.4", "1.3.6.1.4.1.5962.1"),
    ),
}
"""Elements with defined values, and near wrong ones."""
UIDS: Final = ("SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID", "FrameOfReferenceUID")
UNITS: Final = ("kPa", "Pa", "US", "%", "", "KPA", "mPa", "kPa\\Pa")
ODD_VALUES: Final = (
    *("", " ", "0", "1", "-1", "2", "nan", "inf", "-inf", "1e308", "1e-308", "1E400", "1e", "1,5", "+5", "0x10"),
    *("0\\0", "1\\2", "1\\2\\3", "abc", "9" * 64, "[/b]", "[link=x]", "\x1b[31mred", "a\nb", "\x00", "\xe9\xfc"),
    *("1.2.3", "1.2.840.10008.1.2", "0.0001", "0.01", "0.001", "3.5\\3.5", "../../x", "%s%n", "NaN\\1", "\\\\\\"),
)
BYTE_TAILS: Final = (
    *("00", "0000", "fcfffcff", "41" * 7, "00" * 512, "fcfffcff4f570000" + "04000000" + "00000000"),
    *("fffee00d", "e07f1000" + "4f570000" + "02000000" + "ffff", "0a"),
)
SYNTAXES: Final = ("rle", "jpeg-lossless", "jpeg-ls", "jpeg-2000", "big-endian", "implicit", "deflated")
LOSSY: Final = (
    *(("LossyImageCompression", value, "CS") for value in ("01", "1", "YES", "01\\01", "00\\01")),
    ("LossyImageCompressionRatio", "12.5", "DS"),
    ("LossyImageCompressionMethod", "ISO_10918_1", "CS"),
)
"""Elements, values and VRs that say that something was lost."""
OF_ONE_SERIES: Final = frozenset({"AcquisitionDate", "SliceThickness", "SliceLocation", "PatientBirthDate"})
"""Elements whose removal is harmless in one series alone, too."""
HARMLESS: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    ("set_value", {"keyword": "PatientComments", "value": "a note", "vr": "LT"}),
    ("set_value", {"keyword": "00091010", "value": "private", "vr": "LO"}),
    ("set_value", {"keyword": "InstitutionName", "value": "x" * 60, "vr": "LO"}),
    ("set_value", {"keyword": "LossyImageCompression", "value": "00", "vr": "CS"}),
    ("set_value", {"keyword": "PatientName", "value": "\xd6zg\xfcr^A", "vr": "PN"}),
    ("set_value", {"keyword": "StudyID", "value": "1" * 22, "vr": "SH"}),
    ("set_value", {"keyword": "PatientID", "value": "P" * 60, "vr": "LO"}),
    ("set_value", {"keyword": "SliceThickness", "value": "5.0E0", "vr": "DS"}),
    ("retype", {"keyword": "PixelSpacing", "vr": "UT"}),
    ("retype", {"keyword": "PixelSpacing", "vr": "LO"}),
    ("retype", {"keyword": "ImagePositionPatient", "vr": "LO"}),
    ("retype", {"keyword": "SeriesDescription", "vr": "UT"}),
    ("retype", {"keyword": "SOPInstanceUID", "vr": "LO"}),
    ("retype", {"keyword": "AcquisitionTime", "vr": "SH"}),
    ("retype", {"keyword": "StudyDate", "vr": "LO"}),
    ("retype", {"keyword": "PatientID", "vr": "SH"}),
    ("remove", {"keyword": "SliceLocation"}),
    ("remove", {"keyword": "PatientBirthDate"}),
    ("remove", {"keyword": "SpecificCharacterSet"}),
    ("remove", {"keyword": "SliceThickness"}),
    ("remove", {"keyword": "AcquisitionDate"}),
    ("private_block", {"group": 0x0019, "block": 0x11}),
    ("rename", {}),
    ("mapping", {"agrees": True}),
    ("again", {"how": "exact"}),
)
"""Mutations after which a study must still be measured."""
