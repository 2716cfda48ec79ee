"""Step: read the stiffness of an acquisition in kPa, and its other images that the network takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from liver_mre.measurement.measure import measure_contour
from liver_mre.method.stages import Loaded
from liver_mre.stiffness.source import read_stiffness

if TYPE_CHECKING:
    from liver_mre.method.stages import Selected
    from liver_mre.method.toolkit import Toolkit


def load_pixels(selected: Selected, toolkit: Toolkit) -> Loaded:
    """Read the pixels of an acquisition; raises what `read_stiffness` raises."""
    volume = read_stiffness(
        selected.acquisition,
        confidence_threshold=toolkit.settings.confidence_threshold,
        companions=toolkit.card.takes_all_channels,
    )
    return selected.to(Loaded, volume=volume, contour=measure_contour(volume))
