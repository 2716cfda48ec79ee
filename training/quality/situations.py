"""Input situations of the quality networks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from liver_mre.quality.image import QUALITY_CHANNELS

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ALWAYS: Final = QUALITY_CHANNELS[:3]
_WAVES: Final = QUALITY_CHANNELS[-2:]
LIVER: Final = QUALITY_CHANNELS.index("liver")
MAGNITUDE: Final = QUALITY_CHANNELS.index("magnitude")


@dataclass(frozen=True, slots=True)
class QualitySituation:
    """An input situation: which channels the quality networks are given."""

    liver: str  # input situation of the segmentation (`training.segmentation.situations`) that outlines the liver
    channels: tuple[str, ...]  # channels that are not zero
    probability: float  # of being drawn in training. Ours

    @property
    def has_channel(self) -> NDArray[np.bool_]:
        """(7,) bool: which of `QUALITY_CHANNELS` are given."""
        return np.isin(QUALITY_CHANNELS, self.channels)


WITH_WAVES: Final = "everything and waves"
SITUATIONS: Final = {
    WITH_WAVES: QualitySituation("everything", QUALITY_CHANNELS, 0.28),
    "everything": QualitySituation("everything", (*_ALWAYS, "stiffness", "magnitude"), 0.14),
    "masked-magnitude and waves": QualitySituation("masked-magnitude", (*_ALWAYS, "magnitude", *_WAVES), 0.14),
    "masked-magnitude": QualitySituation("masked-magnitude", (*_ALWAYS, "magnitude"), 0.10),
    "no-magnitude": QualitySituation("no-magnitude", (*_ALWAYS, "stiffness"), 0.14),
    "masked": QualitySituation("masked", _ALWAYS, 0.20),
}
"""Waves only with magnitude: a study with phase images has the magnitude as well."""
LIVER_SITUATIONS: Final = tuple(dict.fromkeys(each.liver for each in SITUATIONS.values()))
"""Input situations of the segmentation in which livers are outlined."""
