"""The scanner's k-space keeps geometry and intensity, whatever the image's matrix."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from simulation.anatomy.shapes import ellipsoid
from simulation.grid import Grid, centred_grid, solver_matrix
from simulation.physics.distortion import Warp, resampled
from simulation.physics.kspace import measure_phase
from simulation.physics.scan_settings import ScanSettings
from simulation.planning.parameters import ExamParameters
from simulation.planning.variety import WIDE
from simulation.types import Protocol

SCAN = ScanSettings(4, 128, 1e-3, 20.0, 25.0, 0.0)


def blob(rows: int, columns: int, pixel_mm: float) -> tuple[Grid, np.ndarray]:
    grid = centred_grid(rows, columns, pixel_mm, np.array([0.0]))
    shape = ellipsoid(grid, (20.0, -10.0, 0.0), (60.0, 40.0, 100.0))
    return grid, (500.0 * np.clip(6.0 * shape, 0.0, 1.0)).astype(np.float32)


def centre_mm(grid: Grid, image: np.ndarray) -> tuple[float, float]:
    x, y, _ = grid.axes()
    return float((image * x).sum() / image.sum()), float((image * y).sum() / image.sum())


@pytest.mark.parametrize("matrix", [(128, 128), (256, 256), (192, 192)])
def test_another_matrix_shows_the_same_object_at_the_same_place(matrix: tuple[int, int]) -> None:
    fine_grid, fine = blob(192, 192, 2.0)
    wave = np.zeros(fine.shape, np.complex64)
    image, _ = measure_phase(np.random.default_rng(0), fine, wave, SCAN, (2.0, 2.0), matrix=matrix)
    grid = centred_grid(*matrix, 384.0 / matrix[0], fine_grid.z_mm)
    assert image.shape == (1, *matrix)
    np.testing.assert_allclose(centre_mm(grid, image[0]), centre_mm(fine_grid, fine), atol=0.3)
    expected = resampled(fine, matrix)
    inside = expected > 499.0
    assert np.median(image[inside]) == pytest.approx(500.0, rel=0.02)


def test_noise_is_what_it_says_in_an_image_of_few_lines() -> None:
    scan = replace(SCAN, noise=10.0, phase_lines=64, read_columns=96)
    flat = np.full((1, 128, 128), 1000.0, np.float32)
    _, phase = measure_phase(np.random.default_rng(1), flat, np.zeros(flat.shape, np.complex64), scan, (3.0, 3.0))
    # The soft end of the window in both directions takes away some of the noise.
    assert 0.008 < phase.std() < 0.01


def test_breathing_shows_as_a_phase_that_no_motion_explains() -> None:
    _, image = blob(128, 128, 3.0)
    wave = (0.5 * np.ones(image.shape)).astype(np.complex64)
    still, _ = measure_phase(np.random.default_rng(2), image, wave, SCAN, (3.0, 3.0), breathing_mm=np.array([0.0]))
    moved, _ = measure_phase(np.random.default_rng(2), image, wave, SCAN, (3.0, 3.0), breathing_mm=np.array([8.0]))
    edge = np.abs(np.gradient(image[0], axis=0)) > 20.0
    assert np.abs(moved[0] - still[0])[edge].mean() > 20.0


@pytest.mark.parametrize("choice", WIDE.protocols)
def test_the_solver_grid_has_square_pixels_of_the_same_field_of_view(choice: object) -> None:
    protocol = Protocol(rows=choice.rows, columns=choice.columns, pixel_mm=choice.pixel_mm[1])
    rows, columns = solver_matrix(protocol)
    assert rows * choice.columns == columns * choice.rows
    assert 1.3 < protocol.columns * protocol.pixel_mm / columns < 2.1


def test_the_standard_protocol_is_solved_on_its_own_pixels() -> None:
    assert solver_matrix(Protocol()) == (204, 256)


def test_rotation_turns_the_patient() -> None:
    grid, image = blob(128, 128, 3.0)
    labels = (image > 250.0).astype(np.uint8)
    warp = Warp(np.random.default_rng(0), grid, labels, ExamParameters(rotation_rad=0.3), epi=False)
    before, after = centre_mm(grid, labels), centre_mm(grid, warp.nearest(labels))
    assert np.hypot(*after) == pytest.approx(np.hypot(*before), abs=0.7)
    assert np.arctan2(after[1], after[0]) - np.arctan2(before[1], before[0]) == pytest.approx(0.3, abs=0.03)


def test_epi_moves_pixels_along_rows_only_and_keeps_the_signal() -> None:
    grid, image = blob(128, 128, 3.0)
    labels = np.where(image > 250.0, 9, 4).astype(np.uint8)
    warp = Warp(np.random.default_rng(0), grid, labels, ExamParameters(distortion_mm=12.0), epi=True)
    np.testing.assert_allclose(warp.columns, np.broadcast_to(np.arange(128), warp.columns.shape), atol=1e-4)
    assert np.abs(warp.rows - np.arange(128)[:, None]).max() * 3.0 > 2.0
    density = warp.density * warp.linear(image.astype(complex)).real
    assert density.sum() == pytest.approx(image.sum(), rel=0.05)
