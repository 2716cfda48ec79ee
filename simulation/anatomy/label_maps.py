"""Anatomy from label maps of real scans, under random proportions, pose and smooth warps.

A folder holds one patient, or folders of patients: `labels.nii.gz` with labels numbered as TotalSegmentator's "total"
task numbers them, and `ct.nii.gz` on the same grid, whose Hounsfield units tell fat from other tissue.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from scipy import ndimage

from simulation.anatomy.shapes import smooth_noise
from simulation.types import Tissue

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from simulation.grid import Grid
    from simulation.planning.body import Body

LABELS_FILE: Final = "labels.nii.gz"
CT_FILE: Final = "ct.nii.gz"
TISSUE_OF: Final[Mapping[int, Tissue]] = {
    1: Tissue.SPLEEN,
    2: Tissue.KIDNEY,
    3: Tissue.KIDNEY,
    4: Tissue.GALLBLADDER,
    5: Tissue.LIVER,
    6: Tissue.STOMACH,
    7: Tissue.BOWEL,  # pancreas: soft, like bowel
    **dict.fromkeys(range(10, 15), Tissue.LUNG),
    18: Tissue.BOWEL,
    19: Tissue.BOWEL,
    20: Tissue.BOWEL,
    **dict.fromkeys(range(26, 51), Tissue.SPINE),
    51: Tissue.MUSCLE,
    52: Tissue.AORTA,
    63: Tissue.VENA_CAVA,
    64: Tissue.VENA_CAVA,
    79: Tissue.SPINE,
    **dict.fromkeys(range(80, 90), Tissue.MUSCLE),
    **dict.fromkeys(range(92, 118), Tissue.MUSCLE),
}
"""Tissue by label; other labels are told by their Hounsfield units."""
_BODY_HU: Final = -300.0
_FAT_HU: Final = -30.0
_WALL_MM: Final = 45.0
"""Depth below the skin within which unlabelled soft tissue is body wall; deeper, it is bowel."""
_WARP_MM: Final = (1.5, 5.0)
_VESSEL_SHARE: Final = (0.02, 0.07)


@dataclass(frozen=True, slots=True)
class LabelMap:
    """One patient: tissue on a grid in mm, x to the left, y to the back, z to the head, from the body's centre."""

    tissue: NDArray[np.uint8]  # (Z, Y, X)
    voxel_mm: tuple[float, float, float]  # along Z, Y, X
    centre: tuple[float, float]  # row and column of the body's centre, voxels
    half_mm: tuple[float, float]  # half width and half depth of the body
    liver_levels: tuple[int, int]  # first and last slice with much liver


def label_map_folders(folder: Path) -> list[Path]:
    """Return the folders of patients in a folder, or itself.

    Raises
    ------
    FileNotFoundError
        There is no `labels.nii.gz`.
    """
    found = sorted(path.parent for path in folder.rglob(LABELS_FILE))
    if not found:
        message = f"{folder.name} holds no {LABELS_FILE}: give the folder of a label map, or of several"
        raise FileNotFoundError(message)
    return found


def labelled_abdomen(rng: np.random.Generator, grid: Grid, body: Body, folder: Path) -> NDArray[np.uint8]:
    """Return the labels (S, R, C) of a random patient of the folder, stretched to the size of `body` and warped."""
    folders = label_map_folders(folder)
    patient = read_label_map(folders[int(rng.integers(len(folders)))])
    x, y, z = grid.axes()
    shift = [np.float32(rng.uniform(*_WARP_MM)) * smooth_noise(rng, grid, (140.0, 320.0)) for _ in range(2)]
    turn = float(rng.uniform(-0.05, 0.05))
    across, down = x - np.float32(body.centre_mm[0]) + shift[0], y - np.float32(body.centre_mm[1]) + shift[1]
    across, down = across * np.cos(turn) + down * np.sin(turn), down * np.cos(turn) - across * np.sin(turn)
    columns = across * patient.half_mm[0] / body.half_mm[0] / patient.voxel_mm[2] + patient.centre[1]
    rows = down * patient.half_mm[1] / body.half_mm[1] / patient.voxel_mm[1] + patient.centre[0]
    first, last = patient.liver_levels
    middle = first + (last - first) * rng.uniform(0.35, 0.65)
    levels = np.clip(middle + z / patient.voxel_mm[0], first, last)
    places = [np.broadcast_to(axis, grid.shape) for axis in (levels, rows, columns)]
    tissue = np.asarray(ndimage.map_coordinates(patient.tissue, places, order=0, mode="constant"), np.uint8)
    tissue = _smooth_borders(tissue)
    tissue[:, :2, :] = tissue[:, -2:, :] = tissue[:, :, :2] = tissue[:, :, -2:] = Tissue.AIR
    _add_vessels(rng, grid, tissue)
    return tissue


@lru_cache(maxsize=16)
def read_label_map(folder: Path) -> LabelMap:
    """Read the label map of one patient, with the body's outline and fat from its CT."""
    import nibabel

    labels_image: Any = nibabel.as_closest_canonical(nibabel.load(folder / LABELS_FILE))
    ct_image: Any = nibabel.as_closest_canonical(nibabel.load(folder / CT_FILE))
    # From x to the right, y to the front to x to the left, y to the back.
    labels, hounsfield = (
        np.asarray(image.dataobj)[::-1, ::-1].transpose(2, 1, 0) for image in (labels_image, ct_image)
    )
    x_mm, y_mm, z_mm = (float(size) for size in labels_image.header.get_zooms()[:3])
    tissue = _tissue(labels.astype(np.int64), hounsfield.astype(np.float32), (y_mm, x_mm))
    inside = tissue != Tissue.AIR
    rows, columns = np.flatnonzero(inside.any(axis=(0, 2))), np.flatnonzero(inside.any(axis=(0, 1)))
    area = (tissue == Tissue.LIVER).sum(axis=(1, 2)) * x_mm * y_mm / 100.0
    levels = np.flatnonzero(area > 0.25 * area.max())
    return LabelMap(
        tissue,
        (z_mm, y_mm, x_mm),
        (0.5 * float(rows[0] + rows[-1]), 0.5 * float(columns[0] + columns[-1])),
        (0.5 * x_mm * float(np.ptp(columns) + 1), 0.5 * y_mm * float(np.ptp(rows) + 1)),
        (int(levels[0]), int(levels[-1])),
    )


def _tissue(
    labels: NDArray[np.int64], hounsfield: NDArray[np.float32], spacing_mm: tuple[float, float]
) -> NDArray[np.uint8]:
    inside = np.stack([_body(level) for level in hounsfield])
    depth_mm = np.stack([ndimage.distance_transform_edt(level, sampling=spacing_mm) for level in inside])
    fat = hounsfield < _FAT_HU
    near_skin = depth_mm < _WALL_MM
    tissue = np.where(near_skin, Tissue.MUSCLE, Tissue.BOWEL).astype(np.uint8)
    tissue[fat] = Tissue.VISCERAL_FAT
    tissue[fat & (depth_mm < 0.6 * _WALL_MM)] = Tissue.SUBCUTANEOUS_FAT
    for label, name in TISSUE_OF.items():
        tissue[labels == label] = name
    tissue[~inside] = Tissue.AIR
    return tissue


def _body(hounsfield: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return the body (R, C): the largest part denser than air, its holes filled."""
    solid = ndimage.binary_fill_holes(ndimage.binary_closing(hounsfield > _BODY_HU, iterations=2))
    parts, count = ndimage.label(solid)
    if not count:
        return np.zeros(hounsfield.shape, np.bool_)
    return np.asarray(parts == 1 + int(np.argmax(np.bincount(parts.ravel())[1:])))


def _smooth_borders(tissue: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return labels with the steps of coarse voxels smoothed: each pixel takes the label that prevails around it."""
    present = [int(label) for label in np.unique(tissue)]
    shares = np.stack(
        [ndimage.gaussian_filter((tissue == label).astype(np.float32), (0.0, 1.6, 1.6)) for label in present]
    )
    return np.asarray(np.array(present, np.uint8)[shares.argmax(axis=0)])


def _add_vessels(rng: np.random.Generator, grid: Grid, tissue: NDArray[np.uint8]) -> None:
    """Draw vessels in the liver, in place: tubes where two smooth fields are both near zero."""
    liver = tissue == Tissue.LIVER
    if not liver.any():
        return
    one, other = (smooth_noise(rng, grid, (45.0, 110.0), waves=8) for _ in range(2))
    distance = one**2 + other**2
    tubes = distance < np.quantile(distance[liver], rng.uniform(*_VESSEL_SHARE))
    tissue[liver & tubes] = Tissue.LIVER_VESSEL
