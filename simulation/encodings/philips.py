"""Philips: classic images with a rescale, and enhanced objects.

Sourced: ImageType ORIGINAL with `M` and `FFE` or `M_SE` for magnitude, with `P` and `MRE` for phase (Resoundant,
hepsort_rules, rules_mre.py).
Inferred: everything about the stiffness maps. No source confirms their scale, so the unit stands in the header, as the
standard provides: RescaleType in classic images, RealWorldValueMapping (UCUM) in enhanced ones. Classic maps are
in kPa or in Pa; enhanced ones, of 12 or 8 bits, have a scale per frame.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from simulation.encodings import parts
from simulation.encodings.encoding import Encoding
from simulation.encodings.types import Form, Image, RealWorld, Rescale, SeriesKind, SeriesPlan, Survey

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulation.encodings.types import Scan

LARGEST_KPA: Final = 16.0
"""Stiffness of the largest stored value."""
PERCENT_PER_COUNT: Final = 0.025
PER_KPA: Final = {"kPa": 1.0, "Pa": 1000.0}
PHASE_RESCALE: Final = Rescale(round(2000.0 * np.pi / 4096.0, 8), round(-1000.0 * np.pi, 6), "mrad")
SEQUENCES: Final = {
    "gre": replace(parts.GRE_SEQUENCE, name="FFE_MRE"),
    "epi": replace(parts.EPI_SEQUENCE, name="SEEPI_MRE"),
}
MAGNITUDE_TYPES: Final = {
    "gre": ("ORIGINAL", "PRIMARY", "M_FFE", "M", "FFE"),
    "epi": ("ORIGINAL", "PRIMARY", "M_SE", "M", "SE"),
}
PHASE_TYPE: Final = ("ORIGINAL", "PRIMARY", "PHASE MAP", "P", "MRE")
DERIVED_TYPE: Final = ("DERIVED", "PRIMARY", "MRE", "OTHER")
DESCRIPTIONS: Final = {
    SeriesKind.MAGNITUDE: "MRE Magnitude",
    SeriesKind.PHASE: "MRE Phase",
    SeriesKind.WAVE: "MRE Wave",
    SeriesKind.STIFFNESS: "MRE Stiffness",
    SeriesKind.STIFFNESS_MASKED: "MRE Stiffness masked",
    SeriesKind.CONFIDENCE: "MRE Confidence",
}
SCANNER: Final[dict[str, object]] = parts.SIMULATED_EQUIPMENT | {
    "Manufacturer": "Philips Medical Systems",
    "ManufacturerModelName": "Ingenia",
    "SoftwareVersions": "5.7.1",
}


@dataclass(frozen=True, slots=True)
class _Philips:
    """Series of one way of sending the results."""

    unit: str = "kPa"  # or Pa
    bits: int = 12  # BitsStored of the stiffness map
    masked: bool = False  # whether a masked map is sent in place of an unmasked one and its confidence
    mapped: bool = False  # whether RealWorldValueMapping repeats the unit, with a scale per frame

    def acquire(self, scan: Scan) -> Sequence[SeriesPlan]:
        """Plan magnitude, phase, wave, stiffness, and the confidence of an unmasked map."""
        magnitude = parts.stack(scan, parts.scaled(scan.exam.magnitude), rescale=Rescale(1.0, 0.0, "US"))
        phase = parts.offsets(scan, parts.phase_counts(scan.exam), rescale=PHASE_RESCALE)
        waves, wave_window = parts.wave_images(scan)
        series = (
            self._series(scan, 3, SeriesKind.MAGNITUDE, magnitude, parts.FULL_WINDOW),
            self._series(scan, 4, SeriesKind.PHASE, phase, (0.0, 6283.0)),
            self._series(scan, 5, SeriesKind.WAVE, waves, wave_window),
            self._stiffness(scan),
        )
        return series if self.masked else (*series, self._confidence_map(scan))

    def _stiffness(self, scan: Scan) -> SeriesPlan:
        largest = 2**self.bits - 1
        stiffness_kpa = parts.stiffness_kpa(scan.exam, masked=self.masked)
        peaks_kpa = stiffness_kpa.max(axis=(1, 2)) if self.mapped else np.full(len(stiffness_kpa), LARGEST_KPA)
        kpa_per_count = np.round(np.maximum(peaks_kpa, 1.0).astype(np.float64) / largest, 8)
        stored = parts.counts(stiffness_kpa / kpa_per_count[:, np.newaxis, np.newaxis], largest)
        factor = PER_KPA[self.unit]
        images = tuple(
            self._in_unit(image, round(float(kpa_per_count[image.level or 0]) * factor, 8), self.unit)
            for image in parts.stack(scan, stored)
        )
        kind = SeriesKind.STIFFNESS_MASKED if self.masked else SeriesKind.STIFFNESS
        return replace(self._series(scan, 6, kind, images, (4.0 * factor, 8.0 * factor)), bits=self.bits)

    def _confidence_map(self, scan: Scan) -> SeriesPlan:
        stored = parts.confidence_counts(scan.exam.confidence, round(100.0 / PERCENT_PER_COUNT), parts.MAX_12_BIT)
        images = tuple(self._in_unit(image, PERCENT_PER_COUNT, "%") for image in parts.stack(scan, stored))
        return self._series(scan, 7, SeriesKind.CONFIDENCE, images, (95.0, 10.0))

    def _in_unit(self, image: Image, slope: float, unit: str) -> Image:
        mapping = RealWorld(slope, unit) if self.mapped else None
        return replace(image, rescale=Rescale(slope, 0.0, unit), real_world=mapping)

    def _series(
        self, scan: Scan, number: int, kind: SeriesKind, images: tuple[Image, ...], window: tuple[float, float]
    ) -> SeriesPlan:
        types: dict[SeriesKind, tuple[str, ...]] = {
            SeriesKind.MAGNITUDE: MAGNITUDE_TYPES[scan.sequence],
            SeriesKind.PHASE: PHASE_TYPE,
        }
        image_type = types.get(kind, DERIVED_TYPE)
        if self.mapped:
            image_type = _four_values(image_type)
        protocol = f"MRE_{scan.sequence.upper()}_BH"
        return SeriesPlan(
            kind, number, DESCRIPTIONS[kind], protocol, image_type, SEQUENCES[scan.sequence], images, window
        )


def _four_values(image_type: tuple[str, ...]) -> tuple[str, ...]:
    """Return the ImageType of an enhanced object, which has exactly four values."""
    return (*image_type[:2], *image_type[-2:])


KPA: Final = Encoding(
    name="philips",
    holds="classic; 2-D GRE; stiffness rescaled to kPa and confidence map",
    equipment=SCANNER,
    survey=Survey("Survey", "T2W_SSh", MAGNITUDE_TYPES["epi"]),
    acquire=_Philips().acquire,
    file_name="IM_{series:04d}_{image:04d}",
)
ENHANCED: Final = replace(
    KPA,
    name="philips-enhanced",
    holds="enhanced; 2-D GRE; stiffness mapped to kPa, frame by frame, and confidence map",
    survey=Survey("Survey", "T2W_SSh", _four_values(MAGNITUDE_TYPES["epi"])),
    acquire=_Philips(mapped=True).acquire,
    form=Form.ENHANCED,
)
ENCODINGS: Final = (
    KPA,
    replace(KPA, name="philips-pa", holds=KPA.holds.replace("kPa", "Pa"), acquire=_Philips(unit="Pa").acquire),
    replace(
        KPA,
        name="philips-masked-only",
        holds="classic; 2-D GRE; masked stiffness rescaled to kPa alone",
        acquire=_Philips(masked=True).acquire,
    ),
    ENHANCED,
    replace(
        ENHANCED,
        name="philips-enhanced-8-bit",
        holds=ENHANCED.holds.replace("stiffness", "stiffness of 8 bits"),
        acquire=_Philips(bits=8, mapped=True).acquire,
    ),
    replace(ENHANCED, name="philips-enhanced-epi", holds=ENHANCED.holds.replace("GRE", "SE-EPI"), sequence="epi"),
    replace(
        ENHANCED,
        name="philips-enhanced-masked-only",
        holds="enhanced; 2-D GRE; masked stiffness mapped to kPa, frame by frame, alone",
        acquire=_Philips(mapped=True, masked=True).acquire,
    ),
)
