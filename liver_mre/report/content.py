"""What every result object of one acquisition is built from."""

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
    from pydicom import Dataset

    from liver_mre.liver.mask import LiverMask
    from liver_mre.results.finding import Reportable
    from liver_mre.stiffness.volume import StiffnessVolume


@dataclass(frozen=True, slots=True)
class ReportContent:
    """One acquisition's finding, the arrays that it is drawn from, and the headers of the images that it refers to.

    Attributes
    ----------
    finding : what was found
    volume, mask : stiffness on the native grid and the predicted liver; slice s belongs to `sources[s]`
    sources : headers (no pixels) of the stiffness images, in the volume's slice order, as `read_sources` makes them:
        that of a frame is that of a classic image with the object's UIDs
    application_version : version of this application
    tracking_uid : tracking UID of the predicted liver, the same in SEG and SR
    created : when the results were made, with time zone
    acquisition : what tells it from other reported acquisitions of its study, e.g. "series 7"; "" if it is the only one
    acquisition_number : its place among them, from 1; results of several have series numbers of their own
    pixels : (S, R, C) the measured pixels; None where every confident pixel of the liver is one
    """

    finding: Reportable
    volume: StiffnessVolume
    mask: LiverMask
    sources: tuple[Dataset, ...]
    application_version: str
    tracking_uid: str
    created: datetime
    acquisition: str = ""
    acquisition_number: int = 1
    pixels: NDArray[np.bool_] | None = None

    @property
    def measured(self) -> MeasuredFinding | None:
        """The finding, if there is a measurement; None in one that is not evaluable."""
        return self.finding if isinstance(self.finding, MeasuredFinding) else None

    @property
    def measured_pixels(self) -> NDArray[np.bool_]:
        """(S, R, C) bool: the pixels that are measured; none in an exam that is not evaluable."""
        if self.measured is None:
            return np.zeros_like(self.mask.liver)
        return confident_liver(self.volume, self.mask) if self.pixels is None else self.pixels

    @property
    def region_uid(self) -> str:
        """Tracking UID of the measured region, the same in SEG and SR."""
        return str(generate_uid(entropy_srcs=[self.tracking_uid, "measured region"]))

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader should know about series and pixels, each once."""
        return tuple(dict.fromkeys(self.finding.provenance.notes))
