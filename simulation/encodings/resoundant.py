"""A simulated exam as Resoundant's processing sends it: 2-D results of a Canon scanner, and 3-D results.

Sourced: 2-D stiffness has ImageComments `stiffness`, magnitude `magnitude`, phase `PhaseDiff`, MONOCHROME2; 3-D
results have ImageType `MMDI3D` with `STIFFNESS`, `CONFIDENCE`, `MAGRMS` or `PHSDIFFZ` (Resoundant, hepsort_rules,
rules_mre.py).
Inferred: the comment `confidence`, that the unit stands in the header (RescaleType in 2-D, RealWorldValueMapping in
3-D), descriptions, scales, and signed numbers in 3-D. No source confirms a scale.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from simulation.encodings import parts
from simulation.encodings.encoding import Encoding
from simulation.encodings.types import Image, Kind, RealWorld, Rescale, SeriesPlan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulation.encodings.types import Scan

LARGEST: Final = 32767
SEQUENCES: Final = {
    "gre": replace(parts.GRE_SEQUENCE, name="FE_MRE"),
    "epi": replace(parts.EPI_SEQUENCE, name="SE_EPI_MRE"),
}
PROCESSED: Final = ("DERIVED", "SECONDARY", "OTHER")
COMMENTS: Final = {
    Kind.MAGNITUDE: "magnitude",
    Kind.PHASE: "PhaseDiff",
    Kind.STIFFNESS: "stiffness",
    Kind.STIFFNESS_MASKED: "stiffness",
    Kind.CONFIDENCE: "confidence",
}
IMAGE_TYPES_3D: Final = {
    Kind.MAGNITUDE: "MAGRMS",
    Kind.PHASE: "PHSDIFFZ",
    Kind.STIFFNESS: "STIFFNESS",
    Kind.CONFIDENCE: "CONFIDENCE",
}
NAMES: Final = {
    Kind.MAGNITUDE: "MRE Magnitude",
    Kind.PHASE: "MRE PhaseDiff",
    Kind.STIFFNESS: "MRE Stiffness",
    Kind.STIFFNESS_MASKED: "MRE Stiffness",
    Kind.CONFIDENCE: "MRE Confidence",
}
CANON: Final[dict[str, object]] = {
    "Manufacturer": "CANON_MEC",
    "ManufacturerModelName": "Vantage Orian",
    "StationName": "SIMULATED",
    "DeviceSerialNumber": "SIMULATED",
    "SoftwareVersions": "V6.0",
    "MagneticFieldStrength": 1.5,
}
RESOUNDANT: Final[dict[str, object]] = CANON | {
    "Manufacturer": "Resoundant",
    "ManufacturerModelName": "MMDI",
    "SoftwareVersions": "3D",
}


@dataclass(frozen=True, slots=True)
class _Resoundant:
    """Plans the series of one kind of processing.

    Attributes
    ----------
    three_d : True for the 3-D processing
    masked : True if a masked map is sent instead of an unmasked one and its confidence
    """

    three_d: bool = False
    masked: bool = False

    def survey(self, scan: Scan) -> Sequence[SeriesPlan]:
        """Plan localizer and T2-weighted anatomy."""
        image_type = ("ORIGINAL", "PRIMARY", "OTHER")
        return (
            parts.localizer(scan, description="Locator", image_type=image_type),
            parts.anatomy(scan, description="FASE T2W", image_type=image_type),
        )

    def acquire(self, scan: Scan) -> Sequence[SeriesPlan]:
        """Plan magnitude, phase, stiffness, and the confidence of an unmasked map."""
        exam = scan.exam
        magnitude, peak = parts.scaled(exam.magnitude)
        stiffness_kpa = exam.stiffness_kpa
        if self.masked:
            stiffness_kpa = np.where(parts.confident(exam), stiffness_kpa, np.float32(0.0))
        pascal = parts.stack(scan, parts.counts(stiffness_kpa * 1000.0, LARGEST))
        kind = Kind.STIFFNESS_MASKED if self.masked else Kind.STIFFNESS
        series = [
            self._series(scan, 3, Kind.MAGNITUDE, parts.stack(scan, magnitude), (peak / 2, peak)),
            self._series(scan, 4, Kind.PHASE, parts.offsets(scan, parts.phase_counts(exam)), (2048.0, 4096.0)),
            self._series(scan, 5, kind, self._in_pascal(pascal), (4000.0, 8000.0)),
        ]
        if not self.masked:
            thousandths = parts.stack(scan, parts.confidence_counts(exam.confidence, 1000, 1000))
            window = (950.0, 100.0) if self.three_d else (95.0, 10.0)
            series.append(self._series(scan, 6, Kind.CONFIDENCE, self._as_share(thousandths), window))
        return series

    def _in_pascal(self, images: tuple[Image, ...]) -> tuple[Image, ...]:
        if self.three_d:
            return tuple(replace(image, real_world=RealWorld(0.001, "kPa")) for image in images)
        return tuple(replace(image, rescale=Rescale(1.0, 0.0, "Pa")) for image in images)

    def _as_share(self, images: tuple[Image, ...]) -> tuple[Image, ...]:
        if self.three_d:
            return tuple(replace(image, real_world=RealWorld(0.001, "1")) for image in images)
        return tuple(replace(image, rescale=Rescale(0.1, 0.0, "%")) for image in images)

    def _series(
        self, scan: Scan, number: int, kind: Kind, images: tuple[Image, ...], window: tuple[float, float]
    ) -> SeriesPlan:
        return SeriesPlan(
            kind=kind,
            number=number + 10 * (scan.number - 1),
            description=NAMES[kind],
            protocol=f"MRE {scan.sequence}",
            image_type=("DERIVED", "SECONDARY", "MMDI3D", IMAGE_TYPES_3D[kind]) if self.three_d else PROCESSED,
            sequence=SEQUENCES[scan.sequence],
            images=images,
            window=window,
            bits=16,
            signed=self.three_d,
            acquisition=scan.number,
            comments="" if self.three_d else COMMENTS[kind],
        )


_TWO_D, _MASKED, _THREE_D = _Resoundant(), _Resoundant(masked=True), _Resoundant(three_d=True)
TWO_D: Final = Encoding(
    name="canon",
    holds="classic; SE-EPI; stiffness rescaled to Pa and confidence map",
    equipment=CANON,
    survey=_TWO_D.survey,
    acquire=_TWO_D.acquire,
    sequence="epi",
)
ENCODINGS: Final = (
    TWO_D,
    replace(
        TWO_D,
        name="canon-masked-only",
        holds="classic; SE-EPI; masked stiffness rescaled to Pa alone",
        acquire=_MASKED.acquire,
    ),
    Encoding(
        name="resoundant-3d",
        holds="classic; 3-D SE-EPI; stiffness mapped to kPa and confidence map, signed",
        equipment=RESOUNDANT,
        survey=_THREE_D.survey,
        acquire=_THREE_D.acquire,
        sequence="epi",
    ),
)
