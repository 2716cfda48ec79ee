"""The patient's trunk: size, place, and thickness of the body wall."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from simulation.planning.parameters import ExamParameters


@dataclass(frozen=True, slots=True)
class Body:
    """Size and position of the trunk."""

    centre_mm: tuple[float, float]  # (x, y) of the trunk's centre
    half_mm: tuple[float, float]  # half width and half depth to the skin
    exponent: float  # of the superellipse; 2 is an ellipse, larger values are closer to a rectangle
    fat_mm: float  # mean thickness of subcutaneous fat
    muscle_mm: float  # mean thickness of the muscle wall
    obesity: float  # 0 (lean) to 1

    @property
    def cavity_mm(self) -> tuple[float, float]:
        """Half width and half depth of the abdominal cavity."""
        wall = self.fat_mm + self.muscle_mm
        return self.half_mm[0] - wall, self.half_mm[1] - wall


def draw_body(rng: np.random.Generator, parameters: ExamParameters) -> Body:
    """Return a trunk 290-390 mm wide, 190-270 mm deep and up to 15 mm off centre, then scaled and shifted."""
    obesity = float(rng.beta(1.6, 2.0))
    width = 290.0 + 100.0 * float(np.clip(0.75 * obesity + 0.25 * rng.random(), 0.0, 1.0))
    depth = 190.0 + 80.0 * float(np.clip(0.7 * obesity + 0.3 * rng.random(), 0.0, 1.0))
    body = Body(
        centre_mm=(float(rng.uniform(-15.0, 15.0)), float(rng.uniform(-15.0, 15.0))),
        half_mm=(0.5 * width, 0.5 * depth),
        exponent=float(rng.uniform(2.1, 2.7)),
        fat_mm=7.0 + 22.0 * obesity * float(rng.uniform(0.7, 1.2)),
        muscle_mm=float(rng.uniform(8.0, 13.0)),
        obesity=obesity,
    )
    return replace(
        body,
        centre_mm=(body.centre_mm[0] + parameters.shift_x_mm, body.centre_mm[1] + parameters.shift_y_mm),
        half_mm=(
            body.half_mm[0] * parameters.body_scale,
            body.half_mm[1] * parameters.body_scale * parameters.body_depth_scale,
        ),
    )
