"""Settings of one simulated scan: phase offsets, sampling, noise, amplitude, T2* of the liver and breathing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from simulation.anatomy.tissue import TISSUES
from simulation.types import Tissue

if TYPE_CHECKING:
    from simulation.planning.parameters import ExamParameters
    from simulation.types import Protocol

IRON_SHARE: Final = 1.0 / 12.0
"""Share of patients with iron in the liver."""


@dataclass(frozen=True, slots=True)
class ScanSettings:
    """Settings of one simulated scan."""

    offsets: int  # phase offsets over one period
    phase_lines: int  # acquired lines in row direction (256 x 64 in Su 2025, doi 10.2196/80351)
    noise: float  # SD of the complex noise per channel, in counts of magnitude
    amplitude_um: float  # 90th percentile of the displacement within 12 cm of the driver
    liver_t2_star_ms: float  # T2* of the liver at 1.5 T; iron shortens it
    breathing_mm: float  # SD of the shift between offsets
    read_columns: int = 0  # acquired points in column direction; 0 is all


def draw_scan(rng: np.random.Generator, parameters: ExamParameters) -> ScanSettings:
    """Return the settings of one scan, with noise and T2* of the liver as parameterised."""
    iron = rng.random() < IRON_SHARE
    phase_lines = int(rng.choice((64, 72, 80)))
    noise = float(rng.uniform(5.0, 11.0))
    amplitude_um = float(np.exp(rng.uniform(np.log(17.0), np.log(42.0))))
    t2_star_ms = float(rng.uniform(9.0, 16.0) if iron else rng.uniform(*TISSUES[Tissue.LIVER].t2_star_ms))
    return ScanSettings(
        offsets=4,
        phase_lines=phase_lines,
        noise=noise * parameters.noise_scale,
        amplitude_um=amplitude_um,
        liver_t2_star_ms=parameters.liver_t2_star_ms or t2_star_ms,
        breathing_mm=float(abs(rng.normal(0.0, 0.4))),
    )


def at_resolution(rng: np.random.Generator, scan: ScanSettings, protocol: Protocol) -> ScanSettings:
    """Return the scan with the number of lines and points that the protocol's sequence acquires."""
    gradient_echo = protocol.sequence == "gre"
    lines = (64, 72, 80, 96) if gradient_echo else (64, 80, 96)
    return replace(
        scan,
        phase_lines=min(int(rng.choice(lines)), protocol.rows),
        read_columns=min(256 if gradient_echo else 112, protocol.columns),
    )
