"""A simulated exam as Philips scanners write it: classic images with a rescale, and enhanced objects.

Sourced: ImageType ORIGINAL with `M` and `FFE` or `M_SE` for magnitude, with `P` and `MRE` for phase (Resoundant,
hepsort_rules, rules_mre.py).
Inferred: everything about the stiffness maps. No source confirms their scale, so the unit stands in the header, as the
standard provides: RescaleType in classic images, RealWorldValueMapping (UCUM) in enhanced ones. The classic maps are
written in kPa and in Pa; enhanced ones, of 12 or 8 bits, have a scale of their own in every frame.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from simulation.encodings import parts
from simulation.encodings.encoding import Encoding
from simulation.encodings.types import Form, Image, Kind, RealWorld, Rescale, SeriesPlan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulation.encodings.types import Scan

LARGEST_KPA: Final = 16.0
"""What the largest stored value of a map stands for."""
PERCENT_PER_COUNT: Final = 0.025
PER_KPA: Final = {"kPa": 1.0, "Pa": 1000.0}
SEQUENCES: Final = {
    "gre": replace(parts.GRE_SEQUENCE, name="FFE_MRE"),
    "epi": replace(parts.EPI_SEQUENCE, name="SEEPI_MRE"),
}
MAGNITUDE_TYPES: Final = {
    "gre": ("ORIGINAL", "PRIMARY", "M_FFE", "M", "FFE"),
    "epi": ("ORIGINAL", "PRIMARY", "M_SE", "M", "SE"),
}
SCANNER: Final[dict[str, object]] = {
    "Manufacturer": "Philips Medical Systems",
    "ManufacturerModelName": "Ingenia",
    "StationName": "SIMULATED",
    "DeviceSerialNumber": "SIMULATED",
    "SoftwareVersions": "5.7.1",
    "MagneticFieldStrength": 1.5,
}


@dataclass(frozen=True, slots=True)
class _Philips:
    """Plans the series of one way to send the results.

    Attributes
    ----------
    unit : "kPa" or "Pa"
    bits : BitsStored of the stiffness map
    masked : True if a masked map is sent instead of an unmasked one and its confidence
    mapped : True if RealWorldValueMapping repeats the unit, with a scale of its own for every frame
    """

    unit: str = "kPa"
    bits: int = 12
    masked: bool = False
    mapped: bool = False

    def survey(self, scan: Scan) -> Sequence[SeriesPlan]:
        """Plan localizer and T2-weighted anatomy."""
        image_type = self._type(("ORIGINAL", "PRIMARY", "M_SE", "M", "SE"))
        return (
            parts.localizer(scan, description="Survey", image_type=image_type),
            parts.anatomy(scan, description="T2W_SSh", image_type=image_type),
        )

    def acquire(self, scan: Scan) -> Sequence[SeriesPlan]:
        """Plan magnitude, phase, wave, stiffness, and the confidence of an unmasked map."""
        exam = scan.exam
        magnitude, peak = parts.scaled(exam.magnitude)
        wave, micrometres, peak_um = parts.displacement(exam)
        turn = Rescale(round(2000.0 * np.pi / 4096.0, 8), round(-1000.0 * np.pi, 6), "mrad")
        series = [
            self._series(
                scan,
                3,
                Kind.MAGNITUDE,
                parts.stack(scan, magnitude, rescale=Rescale(1.0, 0.0, "US")),
                (peak / 2, peak),
            ),
            self._series(
                scan, 4, Kind.PHASE, parts.offsets(scan, parts.phase_counts(exam), rescale=turn), (0.0, 6283.0)
            ),
            self._series(
                scan, 5, Kind.WAVE, parts.offsets(scan, wave, rescale=micrometres), (0.0, round(2 * peak_um, 4))
            ),
            self._stiffness(scan),
        ]
        return series if self.masked else [*series, self._confidence_map(scan)]

    def _stiffness(self, scan: Scan) -> SeriesPlan:
        largest = 2**self.bits - 1
        stiffness_kpa = scan.exam.stiffness_kpa
        if self.masked:
            stiffness_kpa = np.where(parts.confident(scan.exam), stiffness_kpa, np.float32(0.0))
        peaks_kpa = stiffness_kpa.max(axis=(1, 2)) if self.mapped else np.full(len(stiffness_kpa), LARGEST_KPA)
        kpa_per_count = np.round(np.maximum(peaks_kpa, 1.0).astype(np.float64) / largest, 8)
        stored = parts.counts(stiffness_kpa / kpa_per_count[:, np.newaxis, np.newaxis], largest)
        factor = PER_KPA[self.unit]
        images = tuple(
            self._in_unit(image, round(float(kpa_per_count[image.level or 0]) * factor, 8), self.unit)
            for image in parts.stack(scan, stored)
        )
        kind = Kind.STIFFNESS_MASKED if self.masked else Kind.STIFFNESS
        return replace(self._series(scan, 6, kind, images, (4.0 * factor, 8.0 * factor)), bits=self.bits)

    def _confidence_map(self, scan: Scan) -> SeriesPlan:
        stored = parts.confidence_counts(scan.exam.confidence, round(100.0 / PERCENT_PER_COUNT), parts.MAX_12_BIT)
        images = tuple(self._in_unit(image, PERCENT_PER_COUNT, "%") for image in parts.stack(scan, stored))
        return self._series(scan, 7, Kind.CONFIDENCE, images, (95.0, 10.0))

    def _in_unit(self, image: Image, slope: float, unit: str) -> Image:
        mapping = RealWorld(slope, unit) if self.mapped else None
        return replace(image, rescale=Rescale(slope, 0.0, unit), real_world=mapping)

    def _series(
        self, scan: Scan, number: int, kind: Kind, images: tuple[Image, ...], window: tuple[float, float]
    ) -> SeriesPlan:
        return SeriesPlan(
            kind=kind,
            number=number + 10 * (scan.number - 1),
            description=NAMES[kind],
            protocol=f"MRE_{scan.sequence.upper()}_BH",
            image_type=self._type(_types(scan.sequence)[kind]),
            sequence=SEQUENCES[scan.sequence],
            images=images,
            window=window,
            acquisition=scan.number,
            component="PHASE" if kind in {Kind.PHASE, Kind.WAVE} else "MAGNITUDE",
        )

    def _type(self, image_type: tuple[str, ...]) -> tuple[str, ...]:
        """Return ImageType; enhanced objects have exactly four values."""
        return (*image_type[:2], *image_type[-2:]) if self.mapped else image_type


NAMES: Final = {
    Kind.MAGNITUDE: "MRE Magnitude",
    Kind.PHASE: "MRE Phase",
    Kind.WAVE: "MRE Wave",
    Kind.STIFFNESS: "MRE Stiffness",
    Kind.STIFFNESS_MASKED: "MRE Stiffness masked",
    Kind.CONFIDENCE: "MRE Confidence",
}


def _types(sequence: str) -> dict[Kind, tuple[str, ...]]:
    computed = ("DERIVED", "PRIMARY", "MRE", "OTHER")
    return {
        Kind.MAGNITUDE: MAGNITUDE_TYPES[sequence],
        Kind.PHASE: ("ORIGINAL", "PRIMARY", "PHASE MAP", "P", "MRE"),
        Kind.WAVE: computed,
        Kind.STIFFNESS: computed,
        Kind.STIFFNESS_MASKED: computed,
        Kind.CONFIDENCE: computed,
    }


_KPA, _PA, _MASKED = _Philips(), _Philips(unit="Pa"), _Philips(masked=True)
_BYTES, _MAPPED, _MAPPED_MASKED = (
    _Philips(bits=8, mapped=True),
    _Philips(mapped=True),
    _Philips(mapped=True, masked=True),
)
KPA: Final = Encoding(
    name="philips",
    holds="classic; 2-D GRE; stiffness rescaled to kPa and confidence map",
    equipment=SCANNER,
    survey=_KPA.survey,
    acquire=_KPA.acquire,
    file_name="IM_{series:04d}_{image:04d}",
)
ENHANCED: Final = replace(
    KPA,
    name="philips-enhanced",
    holds="enhanced; 2-D GRE; stiffness mapped to kPa, frame by frame, and confidence map",
    survey=_MAPPED.survey,
    acquire=_MAPPED.acquire,
    form=Form.ENHANCED,
)
ENCODINGS: Final = (
    KPA,
    replace(KPA, name="philips-pa", holds=KPA.holds.replace("kPa", "Pa"), acquire=_PA.acquire),
    replace(
        KPA,
        name="philips-masked-only",
        holds="classic; 2-D GRE; masked stiffness rescaled to kPa alone",
        acquire=_MASKED.acquire,
    ),
    ENHANCED,
    replace(
        ENHANCED,
        name="philips-enhanced-8-bit",
        holds=ENHANCED.holds.replace("stiffness", "stiffness of 8 bits"),
        acquire=_BYTES.acquire,
    ),
    replace(ENHANCED, name="philips-enhanced-epi", holds=ENHANCED.holds.replace("GRE", "SE-EPI"), sequence="epi"),
    replace(
        ENHANCED,
        name="philips-enhanced-masked-only",
        holds="enhanced; 2-D GRE; masked stiffness mapped to kPa, frame by frame, alone",
        acquire=_MAPPED_MASKED.acquire,
    ),
)
