"""The predicted liver, and which model predicted it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """Which model made a mask, on what: `sha256` of the weights file, `precision` of the arithmetic ("f32", "bf16")."""

    name: str
    version: str
    sha256: str
    backend: str
    precision: str

    @property
    def title(self) -> str:
        """Name and version, as reports and calibrations name it."""
        return f"{self.name} {self.version}"


@dataclass(frozen=True, slots=True)
class LiverMask:
    """Predicted liver, (S, R, C) bool, on the grid of the stiffness volume.

    `alternatives` are other outlines that are plausible, such as those at other probabilities of the network or those
    of the members of an ensemble: their spread is the uncertainty of the segmentation.
    """

    liver: NDArray[np.bool_]
    model: ModelIdentity
    alternatives: tuple[NDArray[np.bool_], ...] = ()
