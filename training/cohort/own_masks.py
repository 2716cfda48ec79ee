"""Liver masks outlined by readers (DICOM SEG or NIfTI), resampled to the slices of a stiffness series."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from pydicom.uid import SegmentationStorage

from liver_mre.studies.dicom_file import open_dicom
from liver_mre.studies.files import list_files

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from liver_mre.studies.scratch import Scratch
    from liver_mre.studies.study import Instance

NIFTI_SUFFIXES: Final = (".nii", ".nii.gz")
_LIVER_CODES: Final = frozenset({("10200004", "SCT"), ("T-62000", "SRT")})
_RAS_TO_LPS: Final = np.diag([-1.0, -1.0, 1.0, 1.0])
_EDGE: Final = 0.501  # voxels: a mask reaches half a voxel beyond its outermost centres


class MaskError(Exception):
    """A mask cannot be used; the message says why and what to do, without patient data."""


@dataclass(frozen=True, slots=True)
class DrawnMask:
    """A mask on its own grid."""

    liver: NDArray[np.bool_]  # (I, J, K)
    affine: NDArray[np.floating]  # (4, 4), index to patient coordinates in mm, DICOM axes (left, posterior, superior)

    def on_slices(self, instances: Sequence[Instance], shape: tuple[int, int]) -> NDArray[np.bool_]:
        """Return (S, R, C) bool: the mask on the slices, nearest neighbour.

        Raises `MaskError` if the mask does not cover the centre of a slice.
        """
        inverse = np.linalg.inv(self.affine)
        return np.stack([self._on_slice(inverse, instance, shape) for instance in instances])

    def _on_slice(self, inverse: NDArray[np.floating], instance: Instance, shape: tuple[int, int]) -> NDArray[np.bool_]:
        points = pixel_positions_mm(instance, shape)
        index = points @ inverse[:3, :3].T + inverse[:3, 3]
        limits = np.array(self.liver.shape)
        inside: NDArray[np.bool_] = np.all((index > -_EDGE) & (index < limits - 1 + _EDGE), axis=-1)
        if not inside[shape[0] // 2, shape[1] // 2]:
            message = "the mask does not cover every slice of the stiffness series: outline images of the same slices"
            raise MaskError(message)
        nearest = np.clip(np.rint(index), 0, limits - 1).astype(int)
        found: NDArray[np.bool_] = self.liver[nearest[..., 0], nearest[..., 1], nearest[..., 2]] & inside
        return found


def pixel_positions_mm(instance: Instance, shape: tuple[int, int]) -> NDArray[np.float64]:
    """Return (R, C, 3): the position in mm of each pixel centre of a slice (DICOM PS3.3 C.7.6.2.1.1).

    Raises `MaskError` if the slice has no position, orientation or pixel spacing.
    """
    if instance.position_mm is None or instance.orientation is None or instance.pixel_spacing_mm is None:
        message = "the stiffness series has no slice positions, so no mask can be resampled to it"
        raise MaskError(message)
    along_row, along_column = np.array(instance.orientation[:3]), np.array(instance.orientation[3:])
    row, column = np.indices(shape)
    row_mm, column_mm = instance.pixel_spacing_mm
    offsets = column[..., None] * column_mm * along_row + row[..., None] * row_mm * along_column
    positions: NDArray[np.float64] = np.array(instance.position_mm) + offsets
    return positions


def find_segmentations(folder: Path, scratch: Scratch) -> dict[str, list[str]]:
    """Return the files of DICOM SEG objects under a folder, also those in archives, by their StudyInstanceUID."""
    found: dict[str, list[str]] = {}
    for file in list_files(folder, scratch).files:
        try:
            header = open_dicom(file)
        except Exception:  # noqa: BLE001, S112 - unreadable files are no SEG; read_studies reports them
            continue
        if header.get("SOPClassUID") == SegmentationStorage:
            found.setdefault(str(header.StudyInstanceUID), []).append(file)
    return found


def find_nifti(folder: Path) -> dict[str, Path]:
    """Return the NIfTI files under a folder by name without suffix, a study or series instance UID."""
    files = sorted(path for path in folder.rglob("*") if path.name.endswith(NIFTI_SUFFIXES))
    return {path.name.removesuffix(".gz").removesuffix(".nii"): path for path in files}


def read_segmentation(file: str) -> DrawnMask:
    """Read the liver of a DICOM SEG.

    Raises `MaskError` if it has no or several liver segments, or its frames are not a regular stack.
    """
    import highdicom

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # highdicom about objects of other software
            segmentation = highdicom.seg.segread(file)
            number = _liver_segment(segmentation)
            volume = segmentation.get_volume(segment_numbers=[number], allow_missing_positions=True)
    except (ValueError, RuntimeError, AttributeError, KeyError) as error:
        message = f"the SEG cannot be read as a regular stack of frames ({type(error).__name__})"
        raise MaskError(message) from error
    array = volume.array[..., 0] if volume.array.ndim == 4 else volume.array  # noqa: PLR2004 - segments last
    return DrawnMask(array > 0, np.asarray(volume.affine, dtype=np.float64))


def _liver_segment(segmentation: object) -> int:
    numbers = list(segmentation.segment_numbers)  # type: ignore[attr-defined]
    if len(numbers) == 1:
        return int(numbers[0])
    livers = [number for number in numbers if _is_liver(segmentation.get_segment_description(number))]  # type: ignore[attr-defined]
    if len(livers) != 1:
        message = f"the SEG has {len(livers)} liver segments among {len(numbers)}: it needs exactly one"
        raise MaskError(message)
    return int(livers[0])


def _is_liver(description: object) -> bool:
    code = description.segmented_property_type  # type: ignore[attr-defined]
    label = str(description.segment_label).strip().lower()  # type: ignore[attr-defined]
    return (code.value, code.scheme_designator) in _LIVER_CODES or label == "liver"


def read_nifti(path: Path, label: int | None = None) -> DrawnMask:
    """Read the liver of a NIfTI file.

    Raises `MaskError` if it is not one volume, lacks the label, or has several labels and none was given.

    Parameters
    ----------
    path : the file
    label : value of the liver; by default the only value that is not zero
    """
    import nibabel
    from nibabel.filebasedimages import ImageFileError

    try:
        image = nibabel.load(path, mmap=False)
        values = np.asarray(image.dataobj)
    except (OSError, ValueError, ImageFileError) as error:
        message = f"the NIfTI mask cannot be read ({type(error).__name__}): export it again"
        raise MaskError(message) from error
    values = values[..., 0] if values.ndim == 4 and values.shape[3] == 1 else values  # noqa: PLR2004 - time last
    if values.ndim != 3:  # noqa: PLR2004 - one volume
        message = "the NIfTI mask is not one volume: export one mask with three axes"
        raise MaskError(message)
    labels = [float(value) for value in np.unique(values) if value != 0]
    if label is None and len(labels) > 1:
        message = f"the NIfTI mask has {len(labels)} labels: name that of the liver (--label N)"
        raise MaskError(message)
    liver = values == label if label is not None else values != 0
    if not liver.any():
        message = "the NIfTI mask has no voxel of the liver's label: check --label, or the mask"
        raise MaskError(message)
    return DrawnMask(liver, _RAS_TO_LPS @ np.asarray(image.affine, dtype=np.float64))
