"""Exams out of domain, that is, not an axial elastogram of a liver: phantoms, other organs, planes and contrasts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from simulation.out_of_domain.alterations import ALTERATIONS
from simulation.out_of_domain.scenes import SCENES

if TYPE_CHECKING:
    from collections.abc import Mapping

LEVELS_MM: Final[Mapping[str, tuple[float, float]]] = {"pelvis": (-210.0, -150.0), "chest": (130.0, 170.0)}
"""Range of the slices' level in other parts of the trunk; the hilum of the liver is near 0."""
OUT_OF_DOMAIN: Final = (*SCENES, *LEVELS_MM, *ALTERATIONS)
NEAR_DOMAIN: Final = ("pelvis", "thighs", "coronal", "mirrored")
"""Kinds most easily mistaken for a liver: soft tissue reached by waves, with a similar outline."""
