"""GE: MR-Touch elastography.

Sourced: (0019,109C) `MR-Touch`, `epimre`; the raw series holds phase in its first half and magnitude in its second
(Resoundant, hepsort_rules, rules_mre.py); descriptions `elastogram`, `stgry`, `stgrym`, `wave images`
(predictElasticity); stiffness in Pa with a window of about 4000/8000, confidence 0 to 999 with about 950/100, colour
elastograms and wave images as RGB, `phs and mag` of the research EPI (HepatosplenicMRE); 256 x 256 pixels; raw images
with origin 0 and spacing 1; hatched masked elastograms (every second masked pixel is zero).
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
from simulation.encodings.types import Form, Image, SeriesKind, SeriesPlan, Survey, unknown_placement

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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
RAW_DESCRIPTIONS: Final = {"gre": "MR Touch", "epi": "EPI MRE phs and mag"}
SCANNER: Final[dict[str, object]] = parts.SIMULATED_EQUIPMENT | {
    "Manufacturer": "GE MEDICAL SYSTEMS",
    "ManufacturerModelName": "Optima MR450w",
    "SoftwareVersions": "DV26",
}


@dataclass(frozen=True, slots=True)
class _Ge:
    """Series of one way of sending the results."""

    maps: Mapping[SeriesKind, str]  # descriptions of the stiffness maps that are sent
    confidence: str = ""  # "" (not sent), "placed", or "broken" if it has the unknown geometry of the raw series

    def acquire(self, scan: Scan) -> Sequence[SeriesPlan]:
        """Plan raw images, elastograms, confidence map, and colour pictures of stiffness and waves."""
        exam = scan.exam
        pascal = parts.counts(exam.stiffness_kpa * PA_PER_KPA, LARGEST_PA)
        maps = {SeriesKind.STIFFNESS: pascal, SeriesKind.STIFFNESS_MASKED: hatched(pascal, parts.confident(exam))}
        series = [_raw(scan)]
        for number, (kind, description) in enumerate(self.maps.items(), start=4):
            images = _square(parts.stack(scan, maps[kind]))
            series.append(replace(_derived(scan, number, kind, description, images, STIFFNESS_WINDOW), bits=16))
        if self.confidence:
            series.append(self._confidence_map(scan, 4 + len(self.maps)))
        squares = _square(parts.stack(scan, pascal))
        colour = tuple(replace(image, stored=stiffness_picture(image.stored)) for image in squares)
        waves = _square(parts.offsets(scan, np.asarray(exam.wave_um * 100.0, np.int16)))
        pictures = tuple(replace(image, stored=wave_picture(image.stored)) for image in waves)
        for number, kind, description, images in (
            (8, SeriesKind.COLOUR, "Color Elastogram", colour),
            (9, SeriesKind.WAVE, "Wave Images", pictures),
        ):
            picture = _derived(scan, number, kind, description, images, None)
            series.append(replace(picture, form=Form.SECONDARY_CAPTURE, bits=8))
        if self.confidence == "broken":
            # Without geometry, only their numbers match a confidence image to its elastogram.
            series = [replace(one, order_matters=True) for one in series]
        return series

    def _confidence_map(self, scan: Scan, number: int) -> SeriesPlan:
        stored = parts.confidence_counts(scan.exam.confidence, 1000, LARGEST_CONFIDENCE)
        images = _square(parts.stack(scan, stored))
        if self.confidence == "broken":
            images = _unplaced(scan, images)
        return replace(
            _derived(scan, number, SeriesKind.CONFIDENCE, "Confidence Map", images, CONFIDENCE_WINDOW), bits=16
        )


def hatched(stored: NDArray[np.uint16], confident: NDArray[np.bool_]) -> NDArray[np.uint16]:
    """Return stiffness (S, R, C) with a checkerboard of zeros over pixels of low confidence."""
    rows, columns = np.indices(stored.shape[1:])
    kept = (rows + columns) % 2 == 1
    return np.where(confident | kept, stored, 0).astype(np.uint16)


def _raw(scan: Scan) -> SeriesPlan:
    """Plan the raw series: phase of every slice and offset, then magnitude of every slice and offset."""
    milliradians = np.clip(np.rint(scan.exam.phase_rad * 1000.0), -3142, 3142).astype(np.int16)
    magnitude = parts.scaled(scan.exam.magnitude).astype(np.int16)
    repeated = np.repeat(magnitude[np.newaxis], len(milliradians), axis=0)
    images = _square((*parts.offsets(scan, milliradians), *parts.offsets(scan, repeated)))
    raw = _derived(scan, 3, SeriesKind.RAW, RAW_DESCRIPTIONS[scan.sequence], _unplaced(scan, images), parts.FULL_WINDOW)
    return replace(raw, image_type=ORIGINAL, bits=16, signed=True, order_matters=True)


def _derived(
    scan: Scan,
    number: int,
    kind: SeriesKind,
    description: str,
    images: tuple[Image, ...],
    window: tuple[float, float] | None,
) -> SeriesPlan:
    private_name, sequence = PULSE_SEQUENCES[scan.sequence]
    return SeriesPlan(
        kind, number, description, "Liver MRE", PROCESSED, sequence, images, window, private_name=private_name
    )


def _square(images: tuple[Image, ...]) -> tuple[Image, ...]:
    """Return images padded to a square, as by reconstruction to 256 x 256."""
    return tuple(map(padded, images))


def _unplaced(scan: Scan, images: tuple[Image, ...]) -> tuple[Image, ...]:
    """Return images without their geometry."""
    placement = unknown_placement(scan.exam.slice_thickness_mm)
    return tuple(replace(image, placement=placement) for image in images)


_UNMASKED: Final = {SeriesKind.STIFFNESS: "Elastogram"}
GRE: Final = Encoding(
    name="ge-gre",
    holds="classic; 2-D GRE; stiffness in Pa and confidence map",
    equipment=SCANNER,
    survey=Survey("3-pl Loc SSFSE", "Ax SSFSE T2", ORIGINAL),
    acquire=_Ge(_UNMASKED, "placed").acquire,
    file_name="{patient}.E1.S{series}.I{image}.MRDCM",
)
ENCODINGS: Final = (
    GRE,
    replace(GRE, name="ge-epi", holds=GRE.holds.replace("GRE", "SE-EPI"), sequence="epi"),
    replace(
        GRE,
        name="ge-broken-confidence",
        holds="as ge-gre; confidence map with origin 0 and spacing 1",
        acquire=_Ge(_UNMASKED, "broken").acquire,
    ),
    replace(
        GRE,
        name="ge-stgry",
        holds="classic; 2-D GRE; stgry and hatched stgrym in Pa",
        acquire=_Ge({SeriesKind.STIFFNESS: "stgry", SeriesKind.STIFFNESS_MASKED: "stgrym"}).acquire,
    ),
    replace(
        GRE,
        name="ge-masked-only",
        holds="classic; 2-D GRE; hatched masked stiffness in Pa alone",
        acquire=_Ge({SeriesKind.STIFFNESS_MASKED: "Elastogram 95% Masked"}).acquire,
    ),
)
