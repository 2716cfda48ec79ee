"""Where the stiffness of an acquisition comes from: the scanner's maps today; an own inversion could be added."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from liver_mre.errors import NoStiffnessError
from liver_mre.stiffness.scanner_maps import read_scanner_maps

if TYPE_CHECKING:
    from liver_mre.series.acquisition import Acquisition
    from liver_mre.stiffness.volume import StiffnessVolume


class StiffnessSource(Protocol):
    """Provides the stiffness of acquisitions that have the necessary images."""

    def serves(self, acquisition: Acquisition) -> bool:
        """Tell from the headers whether the acquisition has the images that this source needs."""

    def read(self, acquisition: Acquisition, *, confidence_threshold: float, companions: bool) -> StiffnessVolume:
        """Read or compute the stiffness; arguments and errors as in `read_scanner_maps`."""


class ScannerStiffness:
    """The stiffness computed by the scanner."""

    def serves(self, acquisition: Acquisition) -> bool:
        """Tell whether the scanner stored its maps."""
        return acquisition.maps is not None

    def read(self, acquisition: Acquisition, *, confidence_threshold: float, companions: bool) -> StiffnessVolume:
        """Read the scanner's maps."""
        if acquisition.maps is None:
            raise NoStiffnessError
        return read_scanner_maps(
            acquisition.maps, acquisition, confidence_threshold=confidence_threshold, companions=companions
        )


STIFFNESS_SOURCES: list[StiffnessSource] = [ScannerStiffness()]
"""In order of preference."""


def read_stiffness(
    acquisition: Acquisition, *, confidence_threshold: float = 0.95, companions: bool = False
) -> StiffnessVolume:
    """Read the stiffness of an acquisition from the first source that serves it; see `read_scanner_maps`.

    Raises
    ------
    NoStiffnessError
        No source serves the acquisition. Further errors are those of `read_scanner_maps`.
    """
    for source in STIFFNESS_SOURCES:
        if source.serves(acquisition):
            return source.read(acquisition, confidence_threshold=confidence_threshold, companions=companions)
    raise NoStiffnessError
