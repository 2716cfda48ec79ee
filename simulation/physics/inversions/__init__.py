"""Inversions of a wave into stiffness, as different scanners and research groups compute them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from simulation.physics.inversion import invert
from simulation.physics.inversions.frequency import invert_frequency
from simulation.physics.inversions.plane_wave import invert_plane_wave
from simulation.physics.inversions.polynomial import invert_polynomial

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from simulation.physics.inversion import Inversion


class Invert(Protocol):
    """An inversion of one slice; for the parameters see `inversion.invert`."""

    def __call__(
        self,
        wave_rad: NDArray[np.complex64],
        inside: NDArray[np.bool_],
        spacing_mm: float,
        frequency_hz: float,
        fit_sigma_mm: float,
    ) -> Inversion:
        """Return stiffness and goodness of fit."""


DIRECTIONAL: Final = "directional"
INVERSIONS: Final[Mapping[str, Invert]] = {
    DIRECTIONAL: invert,
    "polynomial": invert_polynomial,
    "plane wave": invert_plane_wave,
    "local frequency": invert_frequency,
}
