"""Families of physics: how waves arise, and how a scanner turns phase into stiffness, confidence and magnitude.

A figure from simulated exams is worth something only on physics that no fitting saw. Each family is a world of its
own: no two share a source of waves, an inversion, a confidence or a kind of magnitude. A network is trained on a
mixture of the components of some families and tested on another family.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

PAINTED: Final = "painted"
LABEL_MAPS: Final = "label maps"


@dataclass(frozen=True, slots=True)
class Physics:
    """Physics of one exam; the defaults are the standard simulator. Names are keys of `SimulatedExam.facts`."""

    waves: str = "driver"  # key of `simulation.physics.sources.SOURCES`
    inversion: str = "directional"  # key of `simulation.physics.inversions.INVERSIONS`
    confidence: str = "fit and noise"  # key of `simulation.physics.confidence.QUALITIES`
    magnitude: str = "plain"  # key of `simulation.physics.magnitude_kinds.KINDS`
    anatomy: str = PAINTED  # or `LABEL_MAPS`
    family: str = "standard"  # name of its family, or "mixed"
    confident_share: float = 0.0  # share of the liver that is confident in a good exam; 0 for the standard scale
    confidence_mm: float = 2.3  # smoothing of the confidence map: ragged or smooth masks
    source_share: float = 0.0  # amplitude of the waves that do not come from the driver, relative to its own
    through_plane: float = 0.0  # share of the wave number that points out of the slice, for oblique waves
    saturation_rad: float = 0.0  # phase amplitude at which motion saturates; 0 for never


@dataclass(frozen=True, slots=True)
class Family:
    """A family of physics."""

    name: str
    waves: str
    inversion: str
    confidence: str
    magnitude: str


STANDARD_PHYSICS: Final = Physics()
FAMILIES: Final[Mapping[str, Family]] = {
    family.name: family
    for family in (
        Family("directional", "driver", "directional", "fit and noise", "plain"),
        Family("polynomial", "rib cage", "polynomial", "curvature and noise", "artefacts"),
        Family("plane-wave", "through plane", "plane wave", "fit", "contrast"),
        Family("local-frequency", "oblique", "local frequency", "noise", "shading"),
    )
}
_SHARES: Final = (0.18, 0.92)
"""Share of a good exam's liver that a scanner calls confident: 15-90 % in public elastograms."""


def draw_physics(rng: np.random.Generator, families: Sequence[str], label_map_share: float = 0.0) -> Physics:
    """Return the physics of one exam: every component from any of the families, so pure if there is one only.

    Always consumes the same random numbers, whatever the families.

    Parameters
    ----------
    families : names of `FAMILIES`; empty for the standard physics
    label_map_share : share of exams on label maps instead of painted anatomy
    """
    places = rng.random(10)
    if not families:
        return STANDARD_PHYSICS
    chosen = [FAMILIES[name] for name in families]

    def component(index: int) -> Family:
        return chosen[min(int(places[index] * len(chosen)), len(chosen) - 1)]

    waves = component(0).waves
    low, high = _SHARES
    return Physics(
        waves=waves,
        inversion=component(1).inversion,
        confidence=component(2).confidence,
        magnitude=component(3).magnitude,
        anatomy=LABEL_MAPS if places[4] < label_map_share else PAINTED,
        family=chosen[0].name if len(chosen) == 1 else "mixed",
        confident_share=float(low + (high - low) * places[5]),
        confidence_mm=float(0.8 + 3.7 * places[6]),
        source_share=0.0 if waves == "driver" else float(0.25 + 0.75 * places[7]),
        through_plane=float(0.1 + 0.3 * places[8]) if waves == "oblique" else 0.0,
        saturation_rad=float(2.2 + 2.0 * places[9]) if waves == "rib cage" else 0.0,
    )
