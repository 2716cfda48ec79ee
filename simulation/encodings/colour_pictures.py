"""Colour pictures of stiffness and waves with burned-in text, as scanners send them for viewing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image, ImageDraw

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_PA: Final = 8000.0
MAX_WAVE: Final = 3000.0  # hundredths of a micrometre
_RAINBOW: Final = np.array([[64, 0, 128], [0, 0, 255], [0, 255, 255], [0, 255, 0], [255, 255, 0], [255, 0, 0]], float)
_WAVES: Final = np.array([[255, 255, 0], [255, 0, 0], [0, 0, 0], [0, 0, 255], [0, 255, 255]], float)


def stiffness_picture(stored_pa: NDArray[np.integer]) -> NDArray[np.uint8]:
    """Return stiffness from 0 to 8 kPa in colours, (R, C, 3); 0 is black."""
    coloured = _colours(stored_pa / MAX_PA, _RAINBOW)
    coloured[stored_pa == 0] = 0
    return _labelled(coloured)


def wave_picture(displacement: NDArray[np.integer]) -> NDArray[np.uint8]:
    """Return displacement in colours that diverge from zero, (R, C, 3)."""
    return _labelled(_colours(0.5 + displacement / (2 * MAX_WAVE), _WAVES))


def _colours(share: NDArray[np.floating], ramp: NDArray[np.floating]) -> NDArray[np.uint8]:
    stops = np.linspace(0.0, 1.0, len(ramp))
    channels = [np.interp(share, stops, ramp[:, channel]) for channel in range(3)]
    picture: NDArray[np.uint8] = np.rint(np.stack(channels, axis=-1)).astype(np.uint8)
    return picture


def _labelled(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    image = Image.fromarray(picture)
    ImageDraw.Draw(image).text((2, 2), "SIMULATED", fill=(255, 255, 255))
    pixels: NDArray[np.uint8] = np.asarray(image)
    return pixels
