"""An acquisition of a study, as headers tell it: the series that belong together, and how pixels become kPa."""

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
    masked : True if pixels under 95 % confidence are already zero in it, None if only its pixels can tell; where it is
        False there is a confidence map
    unit : how its pixels become kPa
    slice_units : the same for each image, in the order of `stiffness.instances`, where the scale differs by image;
        otherwise empty
    confidence : the separate confidence map, or None
    confidence_per_count : scale of the confidence map (confidence 0 to 1 = stored * scale), None without one
    paired_by_number : True if slices of the confidence map are found by the order of InstanceNumber, because its own
        geometry is broken
    unmasked : where `stiffness` is masked by the scanner, the same slices of the same acquisition before that, in the
        same unit, or None. Nothing is measured in it
    """

    stiffness: Series
    masked: bool | None
    unit: UnitEvidence
    slice_units: tuple[UnitEvidence, ...] = ()
    confidence: Series | None = None
    confidence_per_count: float | None = None
    paired_by_number: bool = False
    unmasked: Series | None = None


@dataclass(frozen=True, slots=True)
class Acquisition:
    """Everything that one run of the MRE sequence gave.

    Attributes
    ----------
    series : stands for the acquisition; SEG, SR and overlay refer to its images. The scanner's stiffness series, where
        there is one
    maps : what the scanner computed; None where the study holds nothing but raw images
    magnitude : the magnitude series of the same slices, or None
    phases : series of phase images of the same acquisition
    notes : what a reader of the result should know about how the series were put together, in words for a person
    """

    series: Series
    maps: ScannerMaps | None = None
    magnitude: Series | None = None
    phases: tuple[Series, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def unit(self) -> UnitEvidence | None:
        """How the scanner's stiffness pixels become kPa."""
        return self.maps.unit if self.maps else None


@dataclass(frozen=True, slots=True)
class RejectedAcquisition:
    """An acquisition of the study that has stiffness images and cannot be measured, and why."""

    series: Series
    error: MreError
