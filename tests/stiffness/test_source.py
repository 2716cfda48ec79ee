"""Stiffness need not come from the scanner."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from liver_mre.errors import NoStiffnessError
from liver_mre.series.acquisition import Acquisition
from liver_mre.stiffness import source
from liver_mre.stiffness.source import read_stiffness
from liver_mre.studies.study import Instance, Series
from tests.volumes import make_volume

if TYPE_CHECKING:
    from liver_mre.stiffness.volume import StiffnessVolume

RAW = Acquisition(Series("1.2", 3, (Instance("", "1.2.1", "1.2.840.10008.5.1.4.1.1.4"),)))
"""An acquisition without any map of the scanner."""


class Inversion:
    """An invented inversion of phase images."""

    def serves(self, acquisition: Acquisition) -> bool:
        return acquisition.maps is None

    def read(self, acquisition: Acquisition, *, confidence_threshold: float, companions: bool) -> StiffnessVolume:
        del acquisition, confidence_threshold, companions
        return make_volume(np.full((1, 4, 4), 2.5))


def test_without_maps_of_the_scanner_there_is_no_stiffness() -> None:
    with pytest.raises(NoStiffnessError):
        read_stiffness(RAW)


def test_another_source_serves_what_the_scanner_did_not_compute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "STIFFNESS_SOURCES", [*source.STIFFNESS_SOURCES, Inversion()])
    assert read_stiffness(RAW).stiffness_kpa.mean() == 2.5
