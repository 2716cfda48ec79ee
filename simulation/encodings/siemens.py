"""Siemens: software VE (classic images) and XA (enhanced multi-frame objects).

Sourced: SequenceName with `greMR` or `epseM`, ImageType `M`, `P`, `WV` and, under XA, `ELASTO` with
ComplexImageComponent (Resoundant, hepsort_rules, rules_mre.py); suffixes `__Mag`, `_P_Wave`, `_P_StiffC95`; 0.01 kPa a
count with window 400/800, TR, TE and flip angle (Su, Shih, Xu, JMIR Med Inform 2025;13:e80351).
Inferred: suffixes `_P` and `_P_Stiff`, ImageType of the stiffness series, timing of the EPI, and that XA stores one
object per series with the scale of VE.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from simulation.encodings import parts
from simulation.encodings.encoding import Encoding
from simulation.encodings.types import Form, Rescale, SeriesKind, SeriesPlan, Survey

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from simulation.encodings.types import Image, Scan

KPA_PER_COUNT: Final = 0.01
MAX_16_BIT: Final = 65535
STIFFNESS_WINDOW: Final = (400.0, 800.0)
PHASE_RESCALE: Final = Rescale(2.0, -4096.0, "US")
PROTOCOLS: Final = {
    "gre": ("greMRE_tra_p2_bh_128", replace(parts.GRE_SEQUENCE, name="greMR")),
    "epi": ("epiMRE_tra_p2_bh_4slc", replace(parts.EPI_SEQUENCE, name="epseMR")),
}
"""Protocol name and pulse sequence."""
# The ImageType of stiffness series is known to be DERIVED only; OTHER claims nothing more.
VE_TYPES: Final = {
    SeriesKind.ANATOMY: ("ORIGINAL", "PRIMARY", "M", "ND"),
    SeriesKind.MAGNITUDE: ("ORIGINAL", "PRIMARY", "M", "ND"),
    SeriesKind.PHASE: ("ORIGINAL", "PRIMARY", "P", "ND"),
    SeriesKind.WAVE: ("DERIVED", "PRIMARY", "P", "WV", "ND"),
    SeriesKind.STIFFNESS: ("DERIVED", "PRIMARY", "OTHER", "ND"),
    SeriesKind.STIFFNESS_MASKED: ("DERIVED", "PRIMARY", "OTHER", "ND"),
}
XA_TYPES: Final = {
    SeriesKind.ANATOMY: ("ORIGINAL", "PRIMARY", "M", "NONE"),
    SeriesKind.MAGNITUDE: ("ORIGINAL", "PRIMARY", "ELASTO", "NONE"),
    SeriesKind.PHASE: ("ORIGINAL", "PRIMARY", "ELASTO", "NONE"),
    SeriesKind.WAVE: ("DERIVED", "PRIMARY", "ELASTO", "WV"),
    SeriesKind.STIFFNESS: ("DERIVED", "PRIMARY", "ELASTO", "NONE"),
    SeriesKind.STIFFNESS_MASKED: ("DERIVED", "PRIMARY", "ELASTO", "NONE"),
}
VE: Final[dict[str, object]] = parts.SIMULATED_EQUIPMENT | {
    "Manufacturer": "SIEMENS",
    "ManufacturerModelName": "Aera",
    "SoftwareVersions": "syngo MR E11",
}
XA: Final[dict[str, object]] = parts.SIMULATED_EQUIPMENT | {
    "Manufacturer": "Siemens Healthineers",
    "ManufacturerModelName": "MAGNETOM Sola",
    "SoftwareVersions": "syngo MR XA60",
}


@dataclass(frozen=True, slots=True)
class _Siemens:
    """Series of one software version; `types` is ImageType by content, `maps` the stiffness maps that are sent."""

    types: Mapping[SeriesKind, tuple[str, ...]]
    maps: tuple[SeriesKind, ...] = (SeriesKind.STIFFNESS, SeriesKind.STIFFNESS_MASKED)

    def acquire(self, scan: Scan) -> Sequence[SeriesPlan]:
        """Plan magnitude, phase, wave, stiffness, and stiffness masked at 95 % confidence."""
        exam = scan.exam
        magnitude = parts.stack(scan, parts.scaled(exam.magnitude))
        phase = parts.offsets(scan, parts.phase_counts(exam), rescale=PHASE_RESCALE)
        waves, wave_window = parts.wave_images(scan)
        counts = parts.counts(exam.stiffness_kpa / KPA_PER_COUNT, MAX_16_BIT)
        masked = np.where(parts.confident(exam), counts, 0).astype(np.uint16)
        maps = (
            self._series(scan, 6, "_P_Stiff", SeriesKind.STIFFNESS, parts.stack(scan, counts), STIFFNESS_WINDOW),
            self._series(
                scan, 7, "_P_StiffC95", SeriesKind.STIFFNESS_MASKED, parts.stack(scan, masked), STIFFNESS_WINDOW
            ),
        )
        return (
            self._series(scan, 3, "__Mag", SeriesKind.MAGNITUDE, magnitude, parts.FULL_WINDOW),
            self._series(scan, 4, "_P", SeriesKind.PHASE, phase, (0.0, 8192.0)),
            self._series(scan, 5, "_P_Wave", SeriesKind.WAVE, waves, wave_window),
            *(replace(series, bits=16) for series in maps if series.kind in self.maps),
        )

    def _series(
        self,
        scan: Scan,
        number: int,
        suffix: str,
        kind: SeriesKind,
        images: tuple[Image, ...],
        window: tuple[float, float],
    ) -> SeriesPlan:
        protocol, sequence = PROTOCOLS[scan.sequence]
        return SeriesPlan(kind, number, protocol + suffix, protocol, self.types[kind], sequence, images, window)


GRE: Final = Encoding(
    name="siemens-gre",
    holds="classic; 2-D GRE; stiffness and stiffness masked at 95 %",
    equipment=VE,
    survey=Survey("localizer", "t2_haste_tra_bh", VE_TYPES[SeriesKind.ANATOMY]),
    acquire=_Siemens(VE_TYPES).acquire,
    file_name="{patient}.MR.LIVER_MRE.{series:04d}.{image:04d}.{date}.IMA",
    variant="",
)
XA_EPI: Final = Encoding(
    name="siemens-xa",
    holds="enhanced; SE-EPI; stiffness and stiffness masked at 95 %",
    equipment=XA,
    survey=Survey("localizer", "t2_haste_tra_bh", XA_TYPES[SeriesKind.ANATOMY]),
    acquire=_Siemens(XA_TYPES).acquire,
    sequence="epi",
    form=Form.ENHANCED,
)
ENCODINGS: Final = (
    GRE,
    replace(GRE, name="siemens-epi", holds=GRE.holds.replace("GRE", "SE-EPI"), sequence="epi", variant=None),
    replace(
        GRE,
        name="siemens-masked-only",
        holds="classic; 2-D GRE; stiffness masked at 95 % alone",
        acquire=_Siemens(VE_TYPES, (SeriesKind.STIFFNESS_MASKED,)).acquire,
        variant=None,
    ),
    XA_EPI,
    replace(
        XA_EPI,
        name="siemens-xa-masked-only",
        holds="enhanced; SE-EPI; stiffness masked at 95 % alone",
        acquire=_Siemens(XA_TYPES, (SeriesKind.STIFFNESS_MASKED,)).acquire,
    ),
)
write_study: Final = GRE
