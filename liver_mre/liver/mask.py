"""The predicted liver, and the model that predicted it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """The model behind a mask: `sha256` of its weights file, `precision` of its arithmetic ("f32", "bf16")."""

    name: str
    version: str
    sha256: str
    backend: str
    precision: str

    @property
    def title(self) -> str:
        """Name and version, as in reports and calibrations."""
        return f"{self.name} {self.version}"


@dataclass(frozen=True, slots=True)
class LiverMask:
    """Predicted liver, (S, R, C) bool, on the grid of the stiffness volume.

    `alternatives` are other plausible outlines, such as those at other thresholds or of the members of an ensemble;
    their spread is the uncertainty of the segmentation.
    """

    liver: NDArray[np.bool_]
    model: ModelIdentity
    alternatives: tuple[NDArray[np.bool_], ...] = ()
