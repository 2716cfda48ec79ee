"""A simulated exam as Siemens scanners write it: software VE (classic images) and XA (enhanced multi-frame objects).

Sourced: SequenceName with `greMR` or `epseM`, ImageType `M`, `P`, `WV` and, under XA, `ELASTO` with
ComplexImageComponent (Resoundant, hepsort_rules, rules_mre.py); suffixes `__Mag`, `_P_Wave`, `_P_StiffC95`; 0.01 kPa a
count under a window of 400/800, TR, TE and flip angle (Su, Shih, Xu, JMIR Med Inform 2025;13:e80351).
Inferred: the suffixes `_P` and `_P_Stiff`, ImageType of the stiffness series, times of the EPI, and that XA stores one
object a series with the scale of VE.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from simulation.encodings import parts
from simulation.encodings.encoding import Encoding
from simulation.encodings.types import Form, Kind, Rescale, SeriesPlan

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from simulation.encodings.types import Image, Scan

KPA_PER_COUNT: Final = 0.01
MAX_16_BIT: Final = 65535
STIFFNESS_WINDOW: Final = (400.0, 800.0)
NAMES: Final = {
    "gre": ("greMRE_tra_p2_bh_128", replace(parts.GRE_SEQUENCE, name="greMR")),
    "epi": ("epiMRE_tra_p2_bh_4slc", replace(parts.EPI_SEQUENCE, name="epseMR")),
}
"""Protocol and sequence."""
# No source tells ImageType of the stiffness series beyond DERIVED; OTHER promises nothing.
VE_TYPES: Final = {
    Kind.ANATOMY: ("ORIGINAL", "PRIMARY", "M", "ND"),
    Kind.MAGNITUDE: ("ORIGINAL", "PRIMARY", "M", "ND"),
    Kind.PHASE: ("ORIGINAL", "PRIMARY", "P", "ND"),
    Kind.WAVE: ("DERIVED", "PRIMARY", "P", "WV", "ND"),
    Kind.STIFFNESS: ("DERIVED", "PRIMARY", "OTHER", "ND"),
    Kind.STIFFNESS_MASKED: ("DERIVED", "PRIMARY", "OTHER", "ND"),
}
XA_TYPES: Final = {
    Kind.ANATOMY: ("ORIGINAL", "PRIMARY", "M", "NONE"),
    Kind.MAGNITUDE: ("ORIGINAL", "PRIMARY", "ELASTO", "NONE"),
    Kind.PHASE: ("ORIGINAL", "PRIMARY", "ELASTO", "NONE"),
    Kind.WAVE: ("DERIVED", "PRIMARY", "ELASTO", "WV"),
    Kind.STIFFNESS: ("DERIVED", "PRIMARY", "ELASTO", "NONE"),
    Kind.STIFFNESS_MASKED: ("DERIVED", "PRIMARY", "ELASTO", "NONE"),
}
VE: Final[dict[str, object]] = {
    "Manufacturer": "SIEMENS",
    "ManufacturerModelName": "Aera",
    "StationName": "SIMULATED",
    "DeviceSerialNumber": "SIMULATED",
    "SoftwareVersions": "syngo MR E11",
    "MagneticFieldStrength": 1.5,
}
XA: Final[dict[str, object]] = VE | {
    "Manufacturer": "Siemens Healthineers",
    "ManufacturerModelName": "MAGNETOM Sola",
    "SoftwareVersions": "syngo MR XA60",
}


class _Siemens:
    """Plans the series of one software version.

    Parameters
    ----------
    types : ImageType by kind
    maps : stiffness maps that are sent
    """

    def __init__(self, types: Mapping[Kind, tuple[str, ...]], *maps: Kind) -> None:
        self._types = types
        self._maps = maps or (Kind.STIFFNESS, Kind.STIFFNESS_MASKED)

    def survey(self, scan: Scan) -> Sequence[SeriesPlan]:
        """Plan localizer and T2-weighted anatomy."""
        image_type = self._types[Kind.ANATOMY]
        return (
            parts.localizer(scan, description="localizer", image_type=image_type),
            parts.anatomy(scan, description="t2_haste_tra_bh", image_type=image_type),
        )

    def acquire(self, scan: Scan) -> Sequence[SeriesPlan]:
        """Plan magnitude, phase, wave, stiffness, and stiffness masked at 95 % confidence."""
        exam = scan.exam
        magnitude, peak = parts.scaled(exam.magnitude)
        turn = Rescale(2.0, -4096.0, "US")  # the vendor's usual rescale of phase
        wave, micrometres, peak_um = parts.displacement(exam)
        series = [
            self._series(scan, 3, "__Mag", Kind.MAGNITUDE, parts.stack(scan, magnitude), (peak / 2, peak)),
            self._series(
                scan,
                4,
                "_P",
                Kind.PHASE,
                parts.offsets(scan, parts.phase_counts(exam), rescale=turn),
                (0.0, 8192.0),
            ),
            self._series(
                scan,
                5,
                "_P_Wave",
                Kind.WAVE,
                parts.offsets(scan, wave, rescale=micrometres),
                (0.0, round(2 * peak_um, 4)),
            ),
        ]
        stiffness = parts.counts(exam.stiffness_kpa / KPA_PER_COUNT, MAX_16_BIT)
        masked = np.where(parts.confident(exam), stiffness, 0).astype(np.uint16)
        for number, suffix, kind, stored in (
            (6, "_P_Stiff", Kind.STIFFNESS, stiffness),
            (7, "_P_StiffC95", Kind.STIFFNESS_MASKED, masked),
        ):
            if kind in self._maps:
                images = parts.stack(scan, stored)
                series.append(replace(self._series(scan, number, suffix, kind, images, STIFFNESS_WINDOW), bits=16))
        return series

    def _series(
        self,
        scan: Scan,
        number: int,
        suffix: str,
        kind: Kind,
        images: tuple[Image, ...],
        window: tuple[float, float],
    ) -> SeriesPlan:
        protocol, sequence = NAMES[scan.sequence]
        return SeriesPlan(
            kind=kind,
            number=number + 10 * (scan.number - 1),
            description=protocol + suffix,
            protocol=protocol,
            image_type=self._types[kind],
            sequence=sequence,
            images=images,
            window=window,
            acquisition=scan.number,
            component="PHASE" if kind in {Kind.PHASE, Kind.WAVE} else "MAGNITUDE",
        )


FILE_NAME: Final = "{patient}.MR.LIVER_MRE.{series:04d}.{image:04d}.{date}.IMA"
_BOTH, _MASKED = _Siemens(VE_TYPES), _Siemens(VE_TYPES, Kind.STIFFNESS_MASKED)
_XA, _XA_MASKED = _Siemens(XA_TYPES), _Siemens(XA_TYPES, Kind.STIFFNESS_MASKED)

GRE: Final = Encoding(
    name="siemens-gre",
    holds="classic; 2-D GRE; stiffness and stiffness masked at 95 %",
    equipment=VE,
    survey=_BOTH.survey,
    acquire=_BOTH.acquire,
    file_name=FILE_NAME,
    variant="",
)
ENCODINGS: Final = (
    GRE,
    replace(GRE, name="siemens-epi", holds=GRE.holds.replace("GRE", "SE-EPI"), sequence="epi", variant=None),
    replace(
        GRE,
        name="siemens-masked-only",
        holds="classic; 2-D GRE; stiffness masked at 95 % alone",
        acquire=_MASKED.acquire,
        variant=None,
    ),
    Encoding(
        name="siemens-xa",
        holds="enhanced; SE-EPI; stiffness and stiffness masked at 95 %",
        equipment=XA,
        survey=_XA.survey,
        acquire=_XA.acquire,
        sequence="epi",
        form=Form.ENHANCED,
    ),
    Encoding(
        name="siemens-xa-masked-only",
        holds="enhanced; SE-EPI; stiffness masked at 95 % alone",
        equipment=XA,
        survey=_XA_MASKED.survey,
        acquire=_XA_MASKED.acquire,
        sequence="epi",
        form=Form.ENHANCED,
    ),
)
write_study: Final = GRE
