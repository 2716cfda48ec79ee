"""What a scanner computes from the phase: waves, stiffness and confidence, and what it would read without noise."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import ndimage

from simulation.physics.confidence import QUALITIES, confidence_map, phase_error, scaled_confidence
from simulation.physics.inversion import first_harmonic, invert, phase_residual, unwrap
from simulation.physics.inversions import INVERSIONS
from simulation.physics.kspace import measure_phase
from simulation.physics.signal import PHASE_PER_UM
from simulation.types import Tissue

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from simulation.physics.inversion import Inversion
    from simulation.physics.motion import VibratingPatient
    from simulation.planning.plan import Plan

FREQUENCY_HZ: Final = 60.0
SIGNAL_SHARE: Final = 0.3
"""Fraction of the body's median magnitude below which the phase is down-weighted."""
NOISE_FREE_RAD: Final = 1.2
"""Amplitude of the strongest wave in the noise-free phase: it never wraps."""
USUAL_SIGNAL: Final = 250.0
"""Magnitude of a liver without iron, in counts."""
NOISE_FREE: Final = 1e-4
"""Noise of the noise-free scan, relative to the scan's own; not 0, so that air has a phase."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Maps of an exam, (S, R, C) each."""

    wave_rad: NDArray[np.complex64]
    stiffness_kpa: NDArray[np.float32]
    confidence: NDArray[np.float32]
    reference_kpa: NDArray[np.float32] | None = None  # stiffness without noise and failure


def read_standard(
    phase_rad: NDArray[np.float32],
    magnitude: NDArray[np.float32],
    imaged: VibratingPatient,
    plan: Plan,
    *,
    rates_residual: bool,
) -> Reading:
    """Return the maps of the standard physics from phase offsets (K, S, R, C) and magnitude (S, R, C)."""
    parameters, pixel_mm = plan.parameters, plan.protocol.pixel_mm
    results, confidence = [], []
    for level, labels in enumerate(imaged.tissue):
        inside = labels != Tissue.AIR
        unwrapped, weight = _prepared(phase_rad[:, level], magnitude[level], inside)
        result = invert(first_harmonic(unwrapped) * weight, inside, pixel_mm, FREQUENCY_HZ, parameters.fit_sigma_mm)
        residual = phase_residual(unwrapped) if rates_residual else None
        results.append(result)
        confidence.append(
            confidence_map(
                result.fit,
                result.amplitude_rad,
                magnitude[level],
                imaged.scan.noise,
                inside,
                pixel_mm,
                parameters,
                residual,
            )
        )
    return Reading(
        np.stack([each.wave_rad for each in results]),
        np.stack([each.stiffness_kpa for each in results]),
        np.stack(confidence),
    )


def noise_free_harmonic(patient: VibratingPatient, ideal: NDArray[np.float32], plan: Plan) -> NDArray[np.complex64]:
    """Return the first harmonic (S, R, C) that the same sequence would measure without noise, motion and failure."""
    wave = patient.usual_um / max(float(np.abs(patient.usual_um).max()), 1e-9) * NOISE_FREE_RAD
    scan = replace(patient.scan, noise=NOISE_FREE * patient.scan.noise, breathing_mm=0.0)
    _, phase = measure_phase(
        np.random.default_rng(0),
        np.maximum(ideal, 0.05 * np.median(ideal[patient.tissue != Tissue.AIR])) * patient.density,
        wave.astype(np.complex64),
        scan,
        plan.grid.pixel_mm,
        matrix=plan.protocol.matrix,
    )
    return np.stack([first_harmonic(phase[:, level]) for level in range(phase.shape[1])])


def read_with_physics(
    phase_rad: NDArray[np.float32],
    magnitude: NDArray[np.float32],
    imaged: VibratingPatient,
    plan: Plan,
    reference: NDArray[np.complex64],
) -> Reading:
    """Return the maps by the plan's inversion and confidence.

    Parameters
    ----------
    phase_rad, magnitude : (K, S, R, C) and (S, R, C) measured
    reference : (S, R, C) `noise_free_harmonic`
    """
    physics, pixel_mm = plan.physics, plan.protocol.pixel_mm
    inversion, rate = INVERSIONS[physics.inversion], QUALITIES[physics.confidence]
    parenchyma = imaged.tissue == Tissue.LIVER
    results, quality, usual, truth = [], [], [], []
    for level, labels in enumerate(imaged.tissue):
        inside = labels != Tissue.AIR
        unwrapped, weight = _prepared(phase_rad[:, level], magnitude[level], inside)
        error_rad = phase_error(
            magnitude[level], imaged.scan.noise, len(phase_rad), phase_residual(unwrapped), pixel_mm
        )
        sigma_mm = plan.parameters.fit_sigma_mm
        result = inversion(first_harmonic(unwrapped) * weight, inside, pixel_mm, FREQUENCY_HZ, sigma_mm)
        ideal = inversion(reference[level], inside, pixel_mm, FREQUENCY_HZ, sigma_mm)
        results.append(result)
        truth.append(ideal.stiffness_kpa)
        quality.append(_smooth(rate(result, error_rad, FREQUENCY_HZ) * inside, physics.confidence_mm / pixel_mm))
        usual.append(_usual_quality(ideal, imaged, level, plan)[parenchyma[level]])
    confidence = scaled_confidence(np.stack(quality), np.concatenate(usual), physics.confident_share)
    body = imaged.tissue != Tissue.AIR
    return Reading(
        np.stack([each.wave_rad for each in results]),
        np.stack([each.stiffness_kpa for each in results]),
        np.where(body, confidence, np.float32(0)),
        np.stack(truth),
    )


def _usual_quality(ideal: Inversion, imaged: VibratingPatient, level: int, plan: Plan) -> NDArray[np.float32]:
    """Return the quality (R, C) of a slice without its failure: the noise-free wave under the scan's usual noise."""
    physics, pixel_mm = plan.physics, plan.protocol.pixel_mm
    true_rad = np.abs(imaged.usual_um[level]) * PHASE_PER_UM
    sigma = plan.parameters.fit_sigma_mm / pixel_mm
    amplitude = np.sqrt(ndimage.gaussian_filter(true_rad**2, sigma)).astype(np.float32)
    usual = replace(ideal, amplitude_rad=amplitude)
    error_rad = np.full(amplitude.shape, imaged.scan.noise / USUAL_SIGNAL * np.sqrt(2.0 / imaged.scan.offsets))
    rated = QUALITIES[physics.confidence](usual, error_rad.astype(np.float32), FREQUENCY_HZ)
    return _smooth(rated, physics.confidence_mm / pixel_mm)


def _smooth(quality: NDArray[np.float32], sigma_px: float) -> NDArray[np.float32]:
    return np.asarray(ndimage.gaussian_filter(quality, sigma_px), np.float32)


def _prepared(
    phase_rad: NDArray[np.float32], magnitude: NDArray[np.float32], inside: NDArray[np.bool_]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the unwrapped phase offsets (K, R, C) and the weight (R, C) of each pixel's phase."""
    signal = magnitude / (SIGNAL_SHARE * np.median(magnitude[inside]))
    return unwrap(phase_rad, inside & (signal > 1.0)), np.minimum(signal, 1.0) ** 2
