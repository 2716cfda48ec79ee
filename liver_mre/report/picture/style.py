"""Colours and font of the pictures."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import ImageFont

from liver_mre.quality.verdict import Verdict

if TYPE_CHECKING:
    from numpy.typing import NDArray

Colour = tuple[int, int, int]

MAX_KPA: Final = 8.0  # the scale of clinical elastograms: window 400/800 in counts of 0.01 kPa

BACKGROUND: Final[Colour] = (16, 18, 22)
SURFACE: Final[Colour] = (30, 33, 40)
TEXT: Final[Colour] = (236, 238, 242)
MUTED: Final[Colour] = (160, 166, 178)
AMBER: Final[Colour] = (255, 190, 70)
NO_DATA: Final[Colour] = (6, 6, 8)
HATCH: Final[Colour] = (150, 154, 164)
SCANNER: Final[Colour] = (255, 130, 240)
"""Contour drawn at the scanner: pink, a hue outside the stiffness scale."""
VERDICT_COLOURS: Final[dict[Verdict, Colour]] = {
    Verdict.GREEN: (70, 190, 90),
    Verdict.AMBER: AMBER,
    Verdict.RED: (240, 90, 80),
}
BLACK: Final[Colour] = (0, 0, 0)
WHITE: Final[Colour] = (255, 255, 255)

# Blue to red, as in clinical elastograms, but lightness rises to the middle and falls again without the bands of a
# plain rainbow, and no two neighbouring kPa share a hue.
_ANCHORS: Final[tuple[tuple[float, Colour], ...]] = (
    (0.0, (46, 20, 94)),
    (1.0, (58, 76, 186)),
    (2.0, (44, 142, 224)),
    (3.0, (36, 196, 178)),
    (3.8, (110, 220, 92)),
    (4.6, (206, 224, 56)),
    (5.5, (252, 176, 46)),
    (6.5, (240, 96, 30)),
    (7.3, (206, 40, 24)),
    (8.0, (134, 10, 20)),
)


@cache
def _table() -> NDArray[np.uint8]:
    """Return the 256 colours from 0 to `MAX_KPA`, (256, 3)."""
    stiffness_kpa = np.linspace(0.0, MAX_KPA, 256)
    anchors_kpa = [anchor for anchor, _ in _ANCHORS]
    channels = [np.interp(stiffness_kpa, anchors_kpa, [rgb[c] for _, rgb in _ANCHORS]) for c in range(3)]
    return np.round(np.stack(channels, axis=-1)).astype(np.uint8)


def colours(stiffness_kpa: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Return the colour of each stiffness in kPa, (..., 3) uint8, clipped at `MAX_KPA`."""
    share = np.clip(np.nan_to_num(stiffness_kpa) / MAX_KPA, 0.0, 1.0)
    rgb: NDArray[np.uint8] = _table()[np.round(share * 255).astype(np.intp)]
    return rgb


def greys(stiffness_kpa: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Return a dark grey for each stiffness in kPa, (..., 3) uint8, for valid pixels that are not confident."""
    share = np.clip(np.nan_to_num(stiffness_kpa) / MAX_KPA, 0.0, 1.0)
    level = np.round(34 + 86 * share).astype(np.uint8)
    return np.repeat(level[..., None], 3, axis=-1)


@cache
def font(size_px: int) -> ImageFont.FreeTypeFont:
    """Return Pillow's built-in font in a size.

    Raises
    ------
    RuntimeError
        If Pillow was built without FreeType and has a single font size.
    """
    loaded = ImageFont.load_default(size_px)
    if not isinstance(loaded, ImageFont.FreeTypeFont):
        msg = "Pillow has no FreeType support. Install a Pillow wheel, which has it."
        raise RuntimeError(msg)  # noqa: TRY004 - the installation is wrong, not an argument
    return loaded
