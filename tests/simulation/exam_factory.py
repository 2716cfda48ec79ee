"""A small exam made by hand, for tests that need a study but not the wave solver."""

from __future__ import annotations

import numpy as np

from simulation.types import SimulatedExam, Tissue, Truth

LIVER_KPA = 2.5
BODY_KPA = 1.23


def make_exam(seed: int = 7, *, slices: int = 4, rows: int = 32, columns: int = 40, offsets: int = 4) -> SimulatedExam:
    """Return an exam of 256 x 320 mm: body, a liver whose left column has 90 % confidence, and air around.

    Slice s adds s counts (0.01 kPa each) to the liver, so that slices cannot be confused.
    """
    shape = (slices, rows, columns)
    body, liver = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
    body[:, 3:-3, 3:-3] = True
    liver[:, 8:20, 6:18] = True
    stiffness = np.where(body, BODY_KPA, 0.0).astype(np.float32)
    for s in range(slices):
        stiffness[s][liver[s]] = LIVER_KPA + 0.01 * s
    confidence = np.where(liver, 0.98, 0.6).astype(np.float32)
    confidence[:, :, 17] = 0.9
    tissue = np.where(body, Tissue.MUSCLE, Tissue.AIR).astype(np.uint8)
    tissue[liver] = Tissue.LIVER
    noise = np.random.default_rng(seed).uniform(0.8, 1.0, shape).astype(np.float32)
    turns = np.linspace(0, 2 * np.pi, offsets, endpoint=False)
    wave = np.stack([np.sin(turn) * body * 20.0 for turn in turns]).astype(np.float32)
    return SimulatedExam(
        seed=seed,
        pixel_spacing_mm=(256.0 / rows, 320.0 / columns),
        slice_thickness_mm=5.0,
        slice_spacing_mm=10.0,
        frequency_hz=60.0,
        magnitude=noise * body * 600,
        phase_rad=np.stack([np.sin(turn) * noise for turn in turns]).astype(np.float32),
        wave_um=wave,
        stiffness_kpa=stiffness,
        confidence=confidence,
        t2=noise * body * 400,
        truth=Truth(tissue, liver, stiffness, "F0", LIVER_KPA),
    )
