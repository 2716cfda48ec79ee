"""A simulated exam as GE scanners write an MR-Touch elastography.

Sourced: (0019,109C) `MR-Touch`, `epimre`; the raw series holds phase in its first half and magnitude in its second
(Resoundant, hepsort_rules, rules_mre.py); descriptions `elastogram`, `stgry`, `stgrym`, `wave images`
(predictElasticity); stiffness in Pa under a window of about 4000/8000, confidence 0 to 999 under about 950/100, colour
elastograms and wave images as RGB, `phs and mag` of the research EPI (HepatosplenicMRE); 256 x 256 pixels; raw geometry
of that era with origin 0 and spacing 1; hatched masked elastograms (every second pixel of what is masked is zero).
Inferred: ImageType of the maps, colour pictures as Secondary Capture, phase in mrad as signed numbers, exact
descriptions, and that the confidence map has the geometry of the elastogram.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from simulation.encodings import parts
from simulation.encodings.colour_pictures import stiffness_picture, wave_picture
from simulation.encodings.encoding import Encoding
from simulation.encodings.geometry import padded
from simulation.encodings.types import Form, Image, Kind, SeriesPlan, nowhere

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from simulation.encodings.types import Scan

PA_PER_KPA: Final = 1000.0
LARGEST_PA: Final = 32767
LARGEST_CONFIDENCE: Final = 999
STIFFNESS_WINDOW: Final = (4000.0, 8000.0)
CONFIDENCE_WINDOW: Final = (950.0, 100.0)
PROCESSED: Final = ("DERIVED", "SECONDARY", "PROCESSED")
ORIGINAL: Final = ("ORIGINAL", "PRIMARY", "OTHER")
PULSE_SEQUENCES: Final = {"gre": ("MR-Touch", parts.GRE_SEQUENCE), "epi": ("epimre", parts.EPI_SEQUENCE)}
RAW_NAMES: Final = {"gre": "MR Touch", "epi": "EPI MRE phs and mag"}
SCANNER: Final[dict[str, object]] = {
    "Manufacturer": "GE MEDICAL SYSTEMS",
    "ManufacturerModelName": "Optima MR450w",
    "StationName": "SIMULATED",
    "DeviceSerialNumber": "SIMULATED",
    "SoftwareVersions": "DV26",
    "MagneticFieldStrength": 1.5,
}


@dataclass(frozen=True, slots=True)
class _Ge:
    """Plans the series of one way to send the results.

    Attributes
    ----------
    maps : descriptions of the stiffness maps that are sent
    confidence : "", "placed", or "broken" where its geometry is that of the raw series
    """

    maps: dict[Kind, str]
    confidence: str = ""

    def survey(self, scan: Scan) -> Sequence[SeriesPlan]:
        """Plan localizer and T2-weighted anatomy."""
        return (
            parts.localizer(scan, description="3-pl Loc SSFSE", image_type=ORIGINAL),
            parts.anatomy(scan, description="Ax SSFSE T2", image_type=ORIGINAL),
        )

    def acquire(self, scan: Scan) -> Sequence[SeriesPlan]:
        """Plan raw images, elastograms, confidence map, and colour pictures of stiffness and waves."""
        exam = scan.exam
        pascal = parts.counts(exam.stiffness_kpa * PA_PER_KPA, LARGEST_PA)
        maps = {Kind.STIFFNESS: pascal, Kind.STIFFNESS_MASKED: hatched(pascal, parts.confident(exam))}
        series = [_raw(scan)]
        number = 4
        for kind, description in self.maps.items():
            images = _square(parts.stack(scan, maps[kind]))
            series.append(replace(_derived(scan, number, kind, description, images, STIFFNESS_WINDOW), bits=16))
            number += 1
        if self.confidence:
            series.append(self._confidence_map(scan, number))
        squares = _square(parts.stack(scan, pascal))
        colour = tuple(replace(image, stored=stiffness_picture(image.stored)) for image in squares)
        waves = _square(parts.offsets(scan, np.asarray(exam.wave_um * 100.0, np.int16)))
        pictures = tuple(replace(image, stored=wave_picture(image.stored)) for image in waves)
        series += [
            _picture(_derived(scan, 8, Kind.COLOUR, "Color Elastogram", colour, None)),
            _picture(_derived(scan, 9, Kind.WAVE, "Wave Images", pictures, None)),
        ]
        if self.confidence == "broken":
            # Nothing but their numbers then tells which images belong together.
            series = [replace(one, order_matters=True) for one in series]
        return series

    def _confidence_map(self, scan: Scan, number: int) -> SeriesPlan:
        stored = parts.confidence_counts(scan.exam.confidence, 1000, LARGEST_CONFIDENCE)
        images = _square(parts.stack(scan, stored))
        if self.confidence == "broken":
            images = tuple(replace(image, placement=nowhere(scan.exam.slice_thickness_mm)) for image in images)
        return replace(_derived(scan, number, Kind.CONFIDENCE, "Confidence Map", images, CONFIDENCE_WINDOW), bits=16)


def hatched(stored: NDArray[np.uint16], confident: NDArray[np.bool_]) -> NDArray[np.uint16]:
    """Draw a checkerboard of zeros over what is not confident, (S, R, C); stiffness survives between them."""
    rows, columns = np.indices(stored.shape[1:])
    survives = (rows + columns) % 2 == 1
    return np.where(confident | survives, stored, 0).astype(np.uint16)


def _raw(scan: Scan) -> SeriesPlan:
    """Plan the raw series: phase of every slice and offset, then magnitude of every slice and offset."""
    exam = scan.exam
    milliradians = np.clip(np.rint(exam.phase_rad * 1000.0), -3142, 3142).astype(np.int16)
    magnitude, peak = parts.scaled(exam.magnitude)
    repeated = np.repeat(magnitude[np.newaxis].astype(np.int16), len(milliradians), axis=0)
    images = [*parts.offsets(scan, milliradians), *parts.offsets(scan, repeated)]
    lost = nowhere(exam.slice_thickness_mm)
    private_name, sequence = PULSE_SEQUENCES[scan.sequence]
    return SeriesPlan(
        kind=Kind.RAW,
        number=3 + 10 * (scan.number - 1),
        description=RAW_NAMES[scan.sequence],
        protocol="Liver MRE",
        image_type=ORIGINAL,
        sequence=sequence,
        images=tuple(replace(image, placement=lost) for image in _square(tuple(images))),
        window=(peak / 2, peak),
        bits=16,
        signed=True,
        acquisition=scan.number,
        private_name=private_name,
        order_matters=True,
    )


def _derived(
    scan: Scan, number: int, kind: Kind, description: str, images: tuple[Image, ...], window: tuple[float, float] | None
) -> SeriesPlan:
    private_name, sequence = PULSE_SEQUENCES[scan.sequence]
    return SeriesPlan(
        kind=kind,
        number=number + 10 * (scan.number - 1),
        description=description,
        protocol="Liver MRE",
        image_type=PROCESSED,
        sequence=sequence,
        images=images,
        window=window,
        acquisition=scan.number,
        private_name=private_name,
    )


def _picture(series: SeriesPlan) -> SeriesPlan:
    return replace(series, form=Form.SECONDARY_CAPTURE, bits=8)


def _square(images: tuple[Image, ...]) -> tuple[Image, ...]:
    """Pad images to a square, as the reconstruction to 256 x 256 does."""
    return tuple(map(padded, images))


_NAMES: Final = {Kind.STIFFNESS: "Elastogram", Kind.STIFFNESS_MASKED: "Elastogram 95% Masked"}
_GRE: Final = _Ge({Kind.STIFFNESS: _NAMES[Kind.STIFFNESS]}, "placed")
_BROKEN: Final = replace(_GRE, confidence="broken")
_MASKED: Final = _Ge({Kind.STIFFNESS_MASKED: _NAMES[Kind.STIFFNESS_MASKED]})
_STGRY: Final = _Ge({Kind.STIFFNESS: "stgry", Kind.STIFFNESS_MASKED: "stgrym"})
GRE: Final = Encoding(
    name="ge-gre",
    holds="classic; 2-D GRE; stiffness in Pa and confidence map",
    equipment=SCANNER,
    survey=_GRE.survey,
    acquire=_GRE.acquire,
    file_name="{patient}.E1.S{series}.I{image}.MRDCM",
)
ENCODINGS: Final = (
    GRE,
    replace(GRE, name="ge-epi", holds=GRE.holds.replace("GRE", "SE-EPI"), sequence="epi"),
    replace(
        GRE,
        name="ge-broken-confidence",
        holds="as ge-gre; confidence map with origin 0 and spacing 1",
        acquire=_BROKEN.acquire,
    ),
    replace(GRE, name="ge-stgry", holds="classic; 2-D GRE; stgry and hatched stgrym in Pa", acquire=_STGRY.acquire),
    replace(
        GRE,
        name="ge-masked-only",
        holds="classic; 2-D GRE; hatched masked stiffness in Pa alone",
        acquire=_MASKED.acquire,
    ),
)
