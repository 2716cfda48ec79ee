"""Where the stiffness of an acquisition comes from: the scanner's maps today; an own inversion can be another source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from liver_mre.errors import NoStiffnessError
from liver_mre.stiffness.scanner_maps import read_scanner_maps

if TYPE_CHECKING:
    from liver_mre.series.acquisition import Acquisition
    from liver_mre.stiffness.volume import StiffnessVolume


class StiffnessSource(Protocol):
    """Gives the stiffness of acquisitions that have what it needs."""

    def serves(self, acquisition: Acquisition) -> bool:
        """Tell by the headers whether the acquisition has what this source needs."""

    def read(self, acquisition: Acquisition, *, confidence_threshold: float, companions: bool) -> StiffnessVolume:
        """Read or compute the stiffness; arguments and errors as those of `read_scanner_maps`."""


class ScannerStiffness:
    """The stiffness that the scanner computed."""

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
"""In the order of preference."""


def read_stiffness(
    acquisition: Acquisition, *, confidence_threshold: float = 0.95, companions: bool = False
) -> StiffnessVolume:
    """Read the stiffness of an acquisition from the first source that serves it.

    Parameters, result and errors are those of `read_scanner_maps`; `NoStiffnessError` where no source serves it.
    """
    for source in STIFFNESS_SOURCES:
        if source.serves(acquisition):
            return source.read(acquisition, confidence_threshold=confidence_threshold, companions=companions)
    raise NoStiffnessError
