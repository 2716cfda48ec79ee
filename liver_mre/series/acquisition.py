"""An acquisition: the series that belong together, and how their pixels become kPa."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from liver_mre.errors import MreError
    from liver_mre.studies.study import Series


@dataclass(frozen=True, slots=True)
class UnitEvidence:
    """How stored values become kPa: stiffness_kpa = stored * kpa_per_count + offset_kpa, and how that is known.

    `source` is "real_world_mapping", "rescale_type", "vendor_rule" or "override"; `detail` says which in words.
    """

    kpa_per_count: float
    offset_kpa: float
    source: str
    detail: str


@dataclass(frozen=True, slots=True)
class ScannerMaps:
    """The maps that the scanner computed: stiffness and its confidence.

    Attributes
    ----------
    stiffness : the series whose pixels are measured
    masked : True if pixels under 95 % confidence are already zero, None if only the pixels can tell; if False, there is
        a confidence map
    unit : how its pixels become kPa
    slice_units : the unit of each image, in the order of `stiffness.instances`; empty unless the scale differs
    confidence : the separate confidence map, or None
    confidence_per_count : scale of the confidence map (confidence 0 to 1 = stored * scale), None without one
    paired_by_number : True if images of the confidence map are paired by InstanceNumber, because its geometry is broken
    unmasked : unmasked twin of a masked `stiffness`, or None; nothing is measured in it
    unmasked_units : the unit of each of its images
    twin : the other one of two stiffness series whose headers do not say which is masked; nothing is measured in it
    twin_units : the unit of each of its images
    """

    stiffness: Series
    masked: bool | None
    unit: UnitEvidence
    slice_units: tuple[UnitEvidence, ...] = ()
    confidence: Series | None = None
    confidence_per_count: float | None = None
    paired_by_number: bool = False
    unmasked: Series | None = None
    unmasked_units: tuple[UnitEvidence, ...] = ()
    twin: Series | None = None
    twin_units: tuple[UnitEvidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Acquisition:
    """Everything that one run of the MRE sequence gave.

    Attributes
    ----------
    series : represents the acquisition: SEG, SR and overlay refer to its images. The scanner's stiffness series, if
        there is one
    maps : what the scanner computed; None if the study holds only raw images
    magnitude : the magnitude series of the same slices, or None
    phases : phase series of the same acquisition
    notes : remarks for the reader of the result on how the series were combined
    elsewhere : sentence on other studies of the input that may hold what it lacks; "" without any
    """

    series: Series
    maps: ScannerMaps | None = None
    magnitude: Series | None = None
    phases: tuple[Series, ...] = ()
    notes: tuple[str, ...] = ()
    elsewhere: str = ""

    @property
    def unit(self) -> UnitEvidence | None:
        """How the scanner's stiffness pixels become kPa."""
        return self.maps.unit if self.maps else None


@dataclass(frozen=True, slots=True)
class RejectedAcquisition:
    """An acquisition with stiffness images that cannot be measured, and why."""

    series: Series
    error: MreError
