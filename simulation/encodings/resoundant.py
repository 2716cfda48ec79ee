"""Resoundant's processing: 2-D results of a Canon scanner, and 3-D results.

Sourced: 2-D stiffness has ImageComments `stiffness`, magnitude `magnitude`, phase `PhaseDiff`, MONOCHROME2; 3-D
results have ImageType `MMDI3D` with `STIFFNESS`, `CONFIDENCE`, `MAGRMS` or `PHSDIFFZ` (Resoundant, hepsort_rules,
rules_mre.py).
Inferred: the comment `confidence`, that the unit stands in the header (RescaleType in 2-D, RealWorldValueMapping in
3-D), descriptions, scales, and signed numbers in 3-D. No source confirms a scale.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from simulation.encodings import parts
from simulation.encodings.encoding import Encoding
from simulation.encodings.types import Image, RealWorld, Rescale, SeriesKind, SeriesPlan, Survey

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulation.encodings.types import Scan

LARGEST: Final = 32767
SEQUENCES: Final = {
    "gre": replace(parts.GRE_SEQUENCE, name="FE_MRE"),
    "epi": replace(parts.EPI_SEQUENCE, name="SE_EPI_MRE"),
}
PROCESSED: Final = ("DERIVED", "SECONDARY", "OTHER")
SURVEY: Final = Survey("Locator", "FASE T2W", ("ORIGINAL", "PRIMARY", "OTHER"))
COMMENTS: Final = {
    SeriesKind.MAGNITUDE: "magnitude",
    SeriesKind.PHASE: "PhaseDiff",
    SeriesKind.STIFFNESS: "stiffness",
    SeriesKind.STIFFNESS_MASKED: "stiffness",
    SeriesKind.CONFIDENCE: "confidence",
}
IMAGE_TYPES_3D: Final = {
    SeriesKind.MAGNITUDE: "MAGRMS",
    SeriesKind.PHASE: "PHSDIFFZ",
    SeriesKind.STIFFNESS: "STIFFNESS",
    SeriesKind.CONFIDENCE: "CONFIDENCE",
}
DESCRIPTIONS: Final = {
    SeriesKind.MAGNITUDE: "MRE Magnitude",
    SeriesKind.PHASE: "MRE PhaseDiff",
    SeriesKind.STIFFNESS: "MRE Stiffness",
    SeriesKind.STIFFNESS_MASKED: "MRE Stiffness",
    SeriesKind.CONFIDENCE: "MRE Confidence",
}
CANON: Final[dict[str, object]] = parts.SIMULATED_EQUIPMENT | {
    "Manufacturer": "CANON_MEC",
    "ManufacturerModelName": "Vantage Orian",
    "SoftwareVersions": "V6.0",
}
RESOUNDANT: Final[dict[str, object]] = parts.SIMULATED_EQUIPMENT | {
    "Manufacturer": "Resoundant",
    "ManufacturerModelName": "MMDI",
    "SoftwareVersions": "3D",
}


@dataclass(frozen=True, slots=True)
class _Resoundant:
    """Series of one kind of processing; `masked` sends a masked map in place of an unmasked one and its confidence."""

    three_d: bool = False
    masked: bool = False

    def acquire(self, scan: Scan) -> Sequence[SeriesPlan]:
        """Plan magnitude, phase, stiffness, and the confidence of an unmasked map."""
        exam = scan.exam
        magnitude = parts.stack(scan, parts.scaled(exam.magnitude))
        phase = parts.offsets(scan, parts.phase_counts(exam))
        pascal = parts.stack(scan, parts.counts(parts.stiffness_kpa(exam, masked=self.masked) * 1000.0, LARGEST))
        kind = SeriesKind.STIFFNESS_MASKED if self.masked else SeriesKind.STIFFNESS
        series = [
            self._series(scan, 3, SeriesKind.MAGNITUDE, magnitude, parts.FULL_WINDOW),
            self._series(scan, 4, SeriesKind.PHASE, phase, (2048.0, 4096.0)),
            self._series(scan, 5, kind, self._scaled(pascal, "kPa", Rescale(1.0, 0.0, "Pa")), (4000.0, 8000.0)),
        ]
        if not self.masked:
            permille = parts.stack(scan, parts.confidence_counts(exam.confidence, 1000, 1000))
            window = (950.0, 100.0) if self.three_d else (95.0, 10.0)
            images = self._scaled(permille, "1", Rescale(0.1, 0.0, "%"))
            series.append(self._series(scan, 6, SeriesKind.CONFIDENCE, images, window))
        return series

    def _scaled(self, images: tuple[Image, ...], unit_3d: str, rescale_2d: Rescale) -> tuple[Image, ...]:
        """Return images with their scale: a mapping of thousandths in 3-D, a rescale in 2-D."""
        if self.three_d:
            return tuple(replace(image, real_world=RealWorld(0.001, unit_3d)) for image in images)
        return tuple(replace(image, rescale=rescale_2d) for image in images)

    def _series(
        self, scan: Scan, number: int, kind: SeriesKind, images: tuple[Image, ...], window: tuple[float, float]
    ) -> SeriesPlan:
        return SeriesPlan(
            kind=kind,
            number=number,
            description=DESCRIPTIONS[kind],
            protocol=f"MRE {scan.sequence}",
            image_type=("DERIVED", "SECONDARY", "MMDI3D", IMAGE_TYPES_3D[kind]) if self.three_d else PROCESSED,
            sequence=SEQUENCES[scan.sequence],
            images=images,
            window=window,
            bits=16,
            signed=self.three_d,
            comments="" if self.three_d else COMMENTS[kind],
        )


CANON_2D: Final = Encoding(
    name="canon",
    holds="classic; SE-EPI; stiffness rescaled to Pa and confidence map",
    equipment=CANON,
    survey=SURVEY,
    acquire=_Resoundant().acquire,
    sequence="epi",
)
ENCODINGS: Final = (
    CANON_2D,
    replace(
        CANON_2D,
        name="canon-masked-only",
        holds="classic; SE-EPI; masked stiffness rescaled to Pa alone",
        acquire=_Resoundant(masked=True).acquire,
    ),
    replace(
        CANON_2D,
        name="resoundant-3d",
        holds="classic; 3-D SE-EPI; stiffness mapped to kPa and confidence map, signed",
        equipment=RESOUNDANT,
        acquire=_Resoundant(three_d=True).acquire,
    ),
)
