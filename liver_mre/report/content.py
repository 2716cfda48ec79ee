"""Content of the result objects of one acquisition."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from pydicom.uid import generate_uid

from liver_mre.measurement.region import confident_liver
from liver_mre.results.finding import MeasuredFinding

if TYPE_CHECKING:
    from datetime import datetime

    from numpy.typing import NDArray

    from liver_mre.liver.mask import LiverMask
    from liver_mre.report.source.header import SourceHeader
    from liver_mre.results.finding import Reportable
    from liver_mre.stiffness.volume import StiffnessVolume


@dataclass(frozen=True, slots=True)
class ReportContent:
    """The finding of one acquisition, its arrays, and what its results take over from the source images.

    Attributes
    ----------
    finding : measured or not evaluable
    volume, mask : stiffness and predicted liver on the scanner's pixel grid; slice s belongs to `volume.instances[s]`
    source : what results take over from the header of the first stiffness slice
    application_version : version of this application
    tracking_uid : tracking UID of the predicted liver, the same in SEG and SR
    created : time of creation, with time zone
    acquisition : its name if several acquisitions are reported, e.g. "series 7"; "" if it is the only one
    acquisition_number : its place among these, from 1; it determines the series numbers of the results
    pixels : (S, R, C) bool, measured region; None if it is all confident liver
    """

    finding: Reportable
    volume: StiffnessVolume
    mask: LiverMask
    source: SourceHeader
    application_version: str
    tracking_uid: str
    created: datetime
    acquisition: str = ""
    acquisition_number: int = 1
    pixels: NDArray[np.bool_] | None = None

    @property
    def measured(self) -> MeasuredFinding | None:
        """The finding if it holds a measurement; None if it is not evaluable."""
        return self.finding if isinstance(self.finding, MeasuredFinding) else None

    @property
    def measured_pixels(self) -> NDArray[np.bool_]:
        """(S, R, C) bool, measured region; empty if the exam is not evaluable."""
        if self.measured is None:
            return np.zeros_like(self.mask.liver)
        return confident_liver(self.volume, self.mask) if self.pixels is None else self.pixels

    @property
    def region_uid(self) -> str:
        """Tracking UID of the measured region, the same in SEG and SR."""
        return str(generate_uid(entropy_srcs=[self.tracking_uid, "measured region"]))

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes on series, pixels and headers, each once."""
        return tuple(dict.fromkeys((*self.finding.provenance.notes, *self.source.notes)))
