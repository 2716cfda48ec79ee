"""Objects with chosen pixels, for tests of how pixels are read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pydicom import dcmread

from liver_mre.studies.decoding import read_images
from liver_mre.studies.reader import read_studies
from tests.studies.enhanced import Frame, enhanced, save

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray
    from pydicom import Dataset

    from liver_mre.studies.study import Instance


def write(path: Path, stored: NDArray[np.integer], **elements: object) -> NDArray[np.integer]:
    """Write images (K, R, C) as an enhanced object and return them."""
    save(enhanced([Frame(image, float(z)) for z, image in enumerate(stored)], **elements), path)
    return stored


def rewrite(path: Path, edit: Callable[[Dataset], object]) -> None:
    """Edit a file in place."""
    ds = dcmread(path)
    edit(ds)
    ds.save_as(path)


def instances(path: Path) -> tuple[Instance, ...]:
    """Return the images of the one series of a file."""
    return read_studies(path).studies[0].series[0].instances


def read(path: Path) -> NDArray[np.integer]:
    """Return the stored values of a file, (K, R, C)."""
    return np.stack([image.stored for image in read_images(instances(path))])
