"""Stiffness on the scanner's own pixel grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from liver_mre.studies.geometry import StackGeometry

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from liver_mre.studies.study import Instance


@dataclass(frozen=True, slots=True)
class StiffnessVolume:
    """The measured series in kPa, with further input of the network. Slice s of every array is `instances[s]`.

    Attributes
    ----------
    stiffness_kpa : (S, R, C) float32, 0 where nothing was measured
    valid : (S, R, C) bool, pixels that have a stiffness
    confident : (S, R, C) bool, pixels of at least 95 % confidence (subset of `valid`)
    instances : S instances of the stiffness series, ordered along the slice normal
    pixel_spacing_mm : (row spacing, column spacing)
    scanner_contour : (S, R, C) bool, inside of a contour drawn at the scanner (overlay group 60xx), or None
    notes : remarks on the pixels for the reader of the result
    masked : True if pixels of low confidence are missing from `stiffness_kpa`
    unmasked_kpa : (S, R, C) float32, the stiffness before the scanner masked it, 0 where nothing was measured; input of
        the network, never measured. None if the study has none, or it was not asked for
    magnitude : (S, R, C) float32, magnitude of the same pixels, any unit. None if the study has none, or it was not
        asked for
    """

    stiffness_kpa: NDArray[np.float32]
    valid: NDArray[np.bool_]
    confident: NDArray[np.bool_]
    instances: tuple[Instance, ...]
    pixel_spacing_mm: tuple[float, float]
    scanner_contour: NDArray[np.bool_] | None = None
    notes: tuple[str, ...] = ()
    masked: bool = False
    unmasked_kpa: NDArray[np.float32] | None = None
    magnitude: NDArray[np.float32] | None = None

    @property
    def only_masked(self) -> bool:
        """Whether the stiffness is known only where the scanner's mask left it."""
        return self.masked and self.unmasked_kpa is None

    @property
    def complete_kpa(self) -> NDArray[np.float32]:
        """(S, R, C) the most complete stiffness map of the study: the unmasked one, if there is one."""
        return self.stiffness_kpa if self.unmasked_kpa is None else self.unmasked_kpa

    @property
    def geometry(self) -> StackGeometry | None:
        """Where the pixels lie in the patient; None where the images do not say."""
        return StackGeometry.of(self.instances)

    @property
    def pixel_area_cm2(self) -> float:
        """Area of one pixel in cm2."""
        return self.pixel_spacing_mm[0] * self.pixel_spacing_mm[1] / 100.0
