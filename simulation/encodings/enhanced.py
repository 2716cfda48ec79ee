"""Writes series as Enhanced MR Image Storage, one object per series (DICOM PS3.3 A.36.2, C.7.6.16)."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Final

import numpy as np
from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.uid import EnhancedMRImageStorage

from simulation.encodings.classic import real_world_item, set_pixels
from simulation.encodings.headers import STUDY_DATE, clock, content_time, describe_series, save, written_series

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from simulation.encodings.headers import Identity
    from simulation.encodings.types import Image, PulseSequence, SeriesPlan, WrittenSeries

STACK: Final = "1"
FRAME_MS: Final = 1000.0
_LIVER: Final = {"CodeValue": "10200004", "CodingSchemeDesignator": "SCT", "CodeMeaning": "Liver"}
_TRANSMIT: Final = {"TransmitCoilName": "Body", "TransmitCoilManufacturerName": "", "TransmitCoilType": "BODY"}
_RECEIVE: Final = {
    "ReceiveCoilName": "Body",
    "ReceiveCoilManufacturerName": "",
    "ReceiveCoilType": "MULTICOIL",
    "QuadratureReceiveCoil": "NO",
    "MultiCoilDefinitionSequence": {"MultiCoilElementName": "1", "MultiCoilElementUsed": "YES"},
}


def write_series(series: SeriesPlan, common: Dataset, identity: Identity, file: Path) -> WrittenSeries:
    """Write a series as one object; `common` holds the attributes of every instance of the study."""
    ds = copy.deepcopy(common)
    describe_series(ds, series, identity)
    ds.SOPInstanceUID = identity.uid("image", series.number, 1)
    ds.InstanceNumber = 1
    for keyword, value in _object(series).items():
        setattr(ds, keyword, value)
    ds.NumberOfFrames = len(series.images)
    _dimensions(ds, series, identity)
    ds.SharedFunctionalGroupsSequence = [_item(_shared_groups(series))]
    levels = _levels(series)
    ds.PerFrameFunctionalGroupsSequence = [
        _item(_frame_groups(series, image, number, levels)) for number, image in enumerate(series.images, start=1)
    ]
    set_pixels(ds, np.stack([image.stored for image in series.images]), bits=series.bits, signed=series.signed)
    for keyword in ("SmallestImagePixelValue", "LargestImagePixelValue"):
        delattr(ds, keyword)
    save(ds, file, EnhancedMRImageStorage)
    return written_series(series, str(ds.SeriesInstanceUID), [file])


def _object(series: SeriesPlan) -> dict[str, object]:
    first_s = min(image.acquired_s for image in series.images)
    values: dict[str, object] = {
        "AcquisitionNumber": max(series.acquisition, 1),
        "AcquisitionDateTime": STUDY_DATE + clock(first_s),
        "AcquisitionDuration": FRAME_MS / 1000.0 * len(series.images),
        "ContentTime": content_time(series.number, 1),
        "KSpaceFiltering": "NONE",
        "ResonantNucleus": "1H",
        "ApplicableSafetyStandardAgency": "IEC",
        "ContentQualification": "RESEARCH",
        "PixelPresentation": "MONOCHROME",
        "PresentationLUTShape": "IDENTITY",
        "BurnedInAnnotation": "NO",
        "LossyImageCompression": "00",
        "VolumetricProperties": "VOLUME",
        "VolumeBasedCalculationTechnique": "NONE",
        "ComplexImageComponent": series.component,
        "AcquisitionContrast": "UNKNOWN",
        "AcquisitionContextSequence": [],
        "SynchronizationTrigger": "NO TRIGGER",
        "AcquisitionTimeSynchronized": "N",
    }
    # Derived images have no pulse sequence (PS3.3 C.8.13.4).
    return values | _pulse_sequence(series.sequence) if series.image_type[0] == "ORIGINAL" else values


def _pulse_sequence(sequence: PulseSequence) -> dict[str, object]:
    echo_planar = "EP" in sequence.scanning
    values: dict[str, object] = {
        "PulseSequenceName": sequence.name,
        "MRAcquisitionType": "2D",
        "EchoPulseSequence": "GRADIENT",
        **dict.fromkeys(("MultiPlanarExcitation", "PhaseContrast", "TimeOfFlightContrast", "SaturationRecovery"), "NO"),
        "SteadyStatePulseSequence": "NONE",
        "EchoPlanarPulseSequence": "YES" if echo_planar else "NO",
        "SpectrallySelectedSuppression": "FAT" if echo_planar else "NONE",
        "OversamplingPhase": "NONE",
        "GeometryOfKSpaceTraversal": "RECTILINEAR",
        "SegmentedKSpaceTraversal": "SINGLE",
        "RectilinearPhaseEncodeReordering": "LINEAR",
        "NumberOfKSpaceTrajectories": 1,
    }
    return values | {"EchoPulseSequence": "SPIN", "MultipleSpinEcho": "NO"} if "SE" in sequence.scanning else values


def _dimensions(ds: Dataset, series: SeriesPlan, identity: Identity) -> None:
    organization = identity.uid("dimensions", series.number)
    ds.SynchronizationFrameOfReferenceUID = identity.uid("clock")
    ds.DimensionOrganizationSequence = [_item({"DimensionOrganizationUID": organization})]
    pointers = ["InStackPositionNumber"]
    if any(image.offset is not None for image in series.images):
        pointers.append("TemporalPositionIndex")
    ds.DimensionIndexSequence = [_item(_dimension(keyword, organization)) for keyword in ("StackID", *pointers)]


def _dimension(keyword: str, organization: str) -> dict[str, object]:
    return {
        "DimensionOrganizationUID": organization,
        "DimensionIndexPointer": tag_for_keyword(keyword),
        "FunctionalGroupPointer": tag_for_keyword("FrameContentSequence"),
        "DimensionDescriptionLabel": keyword,
    }


def _shared_groups(series: SeriesPlan) -> dict[str, object]:
    sequence = series.sequence
    centre, width = series.window or (0.0, 0.0)
    groups: dict[str, object] = {
        "FrameAnatomySequence": [{"FrameLaterality": "U", "AnatomicRegionSequence": _LIVER}],
        "MRImageFrameTypeSequence": {
            "FrameType": list(series.image_type),
            "PixelPresentation": "MONOCHROME",
            "VolumetricProperties": "VOLUME",
            "VolumeBasedCalculationTechnique": "NONE",
            "ComplexImageComponent": series.component,
            "AcquisitionContrast": "UNKNOWN",
        },
        "MRTimingAndRelatedParametersSequence": {
            "RepetitionTime": sequence.repetition_ms,
            "FlipAngle": sequence.flip_deg,
            "EchoTrainLength": sequence.echo_train,
            "RFEchoTrainLength": 1,
            "GradientEchoTrainLength": sequence.echo_train,
            "SpecificAbsorptionRateSequence": [
                {"SpecificAbsorptionRateDefinition": "IEC_WHOLE_BODY", "SpecificAbsorptionRateValue": 0.1}
            ],
            "GradientOutputType": "DB_DT",
            "GradientOutput": 1.0,
            "OperatingModeSequence": [
                {"OperatingModeType": mode, "OperatingMode": "IEC_NORMAL"}
                for mode in ("STATIC FIELD", "RF", "GRADIENT")
            ],
        },
        "MRFOVGeometrySequence": {
            "InPlanePhaseEncodingDirection": "COLUMN",
            "MRAcquisitionFrequencyEncodingSteps": series.images[0].stored.shape[1],
            "MRAcquisitionPhaseEncodingStepsInPlane": series.images[0].stored.shape[0],
            "PercentSampling": 100.0,
            "PercentPhaseFieldOfView": 100.0,
        },
        "MREchoSequence": {"EffectiveEchoTime": sequence.echo_ms},
        "MRModifierSequence": {
            **dict.fromkeys(("InversionRecovery", "T2Preparation", "PartialFourier", "ParallelAcquisition"), "NO"),
            **dict.fromkeys(("FlowCompensation", "SpectrallySelectedExcitation", "SpatialPresaturation"), "NONE"),
            "Spoiling": "NONE" if "EP" in sequence.scanning else "RF",
        },
        "MRImagingModifierSequence": {
            "MagnetizationTransfer": "NONE",
            "BloodSignalNulling": "NO",
            "Tagging": "NONE",
            "TransmitterFrequency": 63.6,
            "PixelBandwidth": 400.0,
        },
        "MRReceiveCoilSequence": _RECEIVE,
        "MRTransmitCoilSequence": _TRANSMIT,
        "MRAveragesSequence": {"NumberOfAverages": 1},
        "FrameVOILUTSequence": {"WindowCenter": centre, "WindowWidth": width},
    }
    if _one_plane(series):
        groups |= _plane(series.images[0])
    return groups


def _plane(image: Image) -> dict[str, object]:
    placement = image.placement
    return {
        "PixelMeasuresSequence": {
            "PixelSpacing": [round(value, 6) for value in placement.pixel_spacing_mm],
            "SliceThickness": round(placement.slice_thickness_mm, 6),
        },
        "PlaneOrientationSequence": [{"ImageOrientationPatient": [round(v, 8) for v in placement.orientation]}],
    }


def _frame_groups(series: SeriesPlan, image: Image, number: int, levels: Mapping[object, int]) -> dict[str, object]:
    in_stack = levels[_level_key(image)]
    content: dict[str, object] = {
        "FrameAcquisitionNumber": max(series.acquisition, 1),
        "FrameReferenceDateTime": STUDY_DATE + clock(image.acquired_s),
        "FrameAcquisitionDateTime": STUDY_DATE + clock(image.acquired_s),
        "FrameAcquisitionDuration": FRAME_MS,
        "StackID": STACK,
        "InStackPositionNumber": in_stack,
        "DimensionIndexValues": [1, in_stack],
        "FrameComments": f"SIMULATED {number}",
    }
    if image.offset is not None:
        content["TemporalPositionIndex"] = image.offset
        content["DimensionIndexValues"] = [1, in_stack, image.offset]
    rescale = image.rescale
    groups: dict[str, object] = {
        "FrameContentSequence": content,
        "PlanePositionSequence": [{"ImagePositionPatient": [round(v, 6) for v in image.placement.position_mm]}],
        "PixelValueTransformationSequence": {
            "RescaleIntercept": rescale.intercept if rescale else 0.0,
            "RescaleSlope": rescale.slope if rescale else 1.0,
            "RescaleType": rescale.unit if rescale else "US",
        },
    }
    if image.real_world is not None:
        groups["RealWorldValueMappingSequence"] = real_world_item(image.real_world, image.stored, signed=series.signed)
    if not _one_plane(series):
        groups |= _plane(image)
    return groups


def _level_key(image: Image) -> object:
    return image.placement.position_mm, image.placement.orientation


def _levels(series: SeriesPlan) -> dict[object, int]:
    """Return the stack position of every plane of a series, from 1 towards the head."""
    z_mm = {_level_key(image): image.placement.position_mm[2] for image in series.images}
    return {key: number for number, key in enumerate(sorted(z_mm, key=z_mm.__getitem__), start=1)}


def _one_plane(series: SeriesPlan) -> bool:
    return len({(image.placement.pixel_spacing_mm, image.placement.orientation) for image in series.images}) == 1


def _item(values: Mapping[str, object]) -> Dataset:
    """Return a data set; a mapping in it becomes a sequence of one item, a list of mappings a sequence."""
    ds = Dataset()
    for keyword, value in values.items():
        items = [value] if isinstance(value, dict | Dataset) else value
        if isinstance(items, list):
            items = [_item(one) if isinstance(one, dict) else one for one in items]
        setattr(ds, keyword, items)
    return ds
