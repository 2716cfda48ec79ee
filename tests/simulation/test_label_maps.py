"""A label map keeps its sides and its size, whatever the orientation of its file."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import nibabel
import numpy as np
import pytest

from simulation.anatomy.label_maps import label_map_folders, labelled_abdomen, read_label_map
from simulation.grid import centred_grid
from simulation.planning.body import draw_body
from simulation.planning.parameters import STANDARD_PARAMETERS
from simulation.types import Tissue

if TYPE_CHECKING:
    from pathlib import Path

LIVER, SPLEEN = 5, 1


def write_patient(folder: Path, *, flipped: bool = False) -> Path:
    """Write an oval body with a liver on the patient's right and a spleen on the left, in RAS or LAS order."""
    x, y, _ = np.meshgrid(np.arange(-60, 60), np.arange(-40, 40), np.arange(12), indexing="ij")
    body = (x / 55.0) ** 2 + (y / 36.0) ** 2 < 1.0
    hounsfield = np.where(body, np.where((x / 48.0) ** 2 + (y / 30.0) ** 2 < 1.0, 40, -100), -1000).astype(np.int16)
    labels = np.zeros(x.shape, np.uint8)
    labels[(x > 8) & (x < 40) & (abs(y) < 20)] = LIVER
    labels[(x > -40) & (x < -24) & (abs(y) < 10)] = SPLEEN
    affine = np.diag([3.0, 3.0, 5.0, 1.0])  # RAS: the first axis runs to the patient's right
    if flipped:
        hounsfield, labels, affine = hounsfield[::-1], labels[::-1], np.diag([-3.0, 3.0, 5.0, 1.0])
    folder.mkdir()
    for name, array in (("labels", labels), ("ct", hounsfield)):
        nibabel.save(nibabel.Nifti1Image(array, affine), folder / f"{name}.nii.gz")
    return folder


@pytest.mark.parametrize("flipped", [False, True])
def test_the_liver_is_on_the_patients_right_and_the_body_has_the_size_asked_for(
    tmp_path: Path, *, flipped: bool
) -> None:
    folder = write_patient(tmp_path / "one", flipped=flipped)
    grid = centred_grid(128, 160, 2.5, np.array([10.0, 0.0, -10.0]))
    drawn = draw_body(np.random.default_rng(4), STANDARD_PARAMETERS)
    body = replace(drawn, centre_mm=(0.0, 0.0), half_mm=(160.0, 110.0))
    tissue = labelled_abdomen(np.random.default_rng(5), grid, body, folder)
    columns = np.nonzero(tissue == Tissue.LIVER)[2]
    assert columns.mean() < 80 - 10  # column 0 is the patient's right
    assert np.nonzero(tissue == Tissue.SPLEEN)[2].mean() > 80 + 10
    width_mm = 2.5 * np.ptp(np.flatnonzero((tissue != Tissue.AIR).any(axis=(0, 1))))
    assert width_mm == pytest.approx(320.0, rel=0.08)
    assert (tissue == Tissue.LIVER_VESSEL).any()


def test_a_folder_of_patients_is_found_and_an_empty_one_is_refused(tmp_path: Path) -> None:
    write_patient(tmp_path / "one")
    write_patient(tmp_path / "two")
    assert [folder.name for folder in label_map_folders(tmp_path)] == ["one", "two"]
    (tmp_path / "none").mkdir()
    with pytest.raises(FileNotFoundError, match="give the folder of a label map"):
        label_map_folders(tmp_path / "none")


def test_fat_and_muscle_are_told_by_hounsfield_units(tmp_path: Path) -> None:
    patient = read_label_map(write_patient(tmp_path / "one"))
    assert {Tissue.SUBCUTANEOUS_FAT, Tissue.MUSCLE, Tissue.LIVER, Tissue.AIR} <= set(np.unique(patient.tissue))
