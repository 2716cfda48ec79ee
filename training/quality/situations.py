"""What of an exam the networks of quality are shown, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from liver_mre.core.quality.image import CHANNELS

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ALWAYS: Final = CHANNELS[:3]
_WAVES: Final = CHANNELS[-2:]
LIVER: Final = CHANNELS.index("liver")
MAGNITUDE: Final = CHANNELS.index("magnitude")


@dataclass(frozen=True, slots=True)
class Shown:
    """What a study may have.

    Attributes
    ----------
    liver : the situation of the segmentation (`training.segmentation.situations`) in which its liver is outlined
    channels : those that are not zero
    probability : how often training draws it. Ours
    """

    liver: str
    channels: tuple[str, ...]
    probability: float

    @property
    def kept(self) -> NDArray[np.bool_]:
        """(channels,) whether each of `CHANNELS` is shown."""
        return np.isin(CHANNELS, self.channels)


WITH_WAVES: Final = "everything and waves"
SITUATIONS: Final = {
    WITH_WAVES: Shown("everything", CHANNELS, 0.28),
    "everything": Shown("everything", (*_ALWAYS, "stiffness", "magnitude"), 0.14),
    "masked-magnitude and waves": Shown("masked-magnitude", (*_ALWAYS, "magnitude", *_WAVES), 0.14),
    "masked-magnitude": Shown("masked-magnitude", (*_ALWAYS, "magnitude"), 0.10),
    "no-magnitude": Shown("no-magnitude", (*_ALWAYS, "stiffness"), 0.14),
    "masked": Shown("masked", _ALWAYS, 0.20),
}
"""Waves come with the magnitude only: a study whose phase images are found has the magnitude as well."""
LIVERS: Final = tuple(dict.fromkeys(each.liver for each in SITUATIONS.values()))
"""The situations in which livers are outlined."""
