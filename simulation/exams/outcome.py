"""Outcome of an exam: ground truth with its measurable region, why slices are not diagnostic, facts for tables."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import ndimage

from simulation.types import Failure, Tissue, Truth

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from simulation.physics.motion import VibratingPatient
    from simulation.physics.scan_settings import ScanSettings
    from simulation.planning.plan import Plan
    from simulation.types import Fact

EDGE_MM: Final = 4.0
"""Rim of the parenchyma in which the inversion mixes it with neighbouring tissue."""
WAVE_TO_NOISE: Final = 3.0
LOCAL_MM: Final = 4.0
CONFIDENT: Final = 0.95
DIAGNOSTIC_CM2: Final = 3.0
"""Minimum confident area of liver in a diagnostic slice; a choice of this project, as no source states one."""
SMALL_LIVER_CM2: Final = 25.0
LOW_SIGNAL_SNR: Final = 5.0
STRONG_BREATHING_MM: Final = 3.0


def wave_to_noise(
    wave_rad: NDArray[np.complexfloating], magnitude: NDArray[np.float32], scan: ScanSettings, pixel_mm: float
) -> NDArray[np.float32]:
    """Return the ratio (S, R, C) of the true wave's local amplitude to the noise of the measured first harmonic."""
    sigma = (0.0, LOCAL_MM / pixel_mm, LOCAL_MM / pixel_mm)
    amplitude = np.sqrt(ndimage.gaussian_filter((np.abs(wave_rad) ** 2).astype(np.float32), sigma))
    signal = ndimage.gaussian_filter(magnitude, sigma)
    return np.asarray(amplitude * signal / (scan.noise * np.sqrt(2.0 / scan.offsets)), np.float32)


def measurable_region(tissue: NDArray[np.uint8], ratio: NDArray[np.float32], pixel_mm: float) -> NDArray[np.bool_]:
    """Return the parenchyma (S, R, C) away from its edges with a wave above the noise; `ratio` is `wave_to_noise`."""
    parenchyma = tissue == Tissue.LIVER
    depth_mm = pixel_mm * np.stack([ndimage.distance_transform_edt(level) for level in parenchyma])
    return np.asarray((depth_mm > EDGE_MM) & (ratio >= WAVE_TO_NOISE))


def slice_failure(
    confident_cm2: float, liver_cm2: float, snr: float, breathing_mm: float, simulated: Failure
) -> Failure:
    """Return why one slice is not diagnostic, or `Failure.NONE`.

    Areas are of the liver, `snr` is of its magnitude, `breathing_mm` is the SD of the shift between offsets, and
    `simulated` the cause simulated in this slice.
    """
    if confident_cm2 >= DIAGNOSTIC_CM2:
        return Failure.NONE
    if simulated != Failure.NONE:
        return simulated
    if liver_cm2 < SMALL_LIVER_CM2:
        return Failure.ANATOMICAL_MASKING
    if snr < LOW_SIGNAL_SNR:
        return Failure.LOW_SIGNAL
    if breathing_mm > STRONG_BREATHING_MM:
        return Failure.BREATHING
    return Failure.POOR_PROPAGATION


def exam_failure(simulated: Failure, slices: Sequence[Failure]) -> Failure:
    """Return the simulated cause if a slice failed by it, else the most frequent cause among the slices."""
    causes = Counter(cause for cause in slices if cause != Failure.NONE)
    if not causes:
        return Failure.NONE
    return simulated if simulated in causes else causes.most_common(1)[0][0]


def assess(
    plan: Plan,
    imaged: VibratingPatient,
    magnitude: NDArray[np.float32],
    confidence: NDArray[np.float32],
    rad_per_um: float,
) -> tuple[Truth, dict[str, Fact]]:
    """Return the ground truth of an exam, and its parameters and results by name.

    Parameters
    ----------
    imaged : the patient on the image's matrix
    magnitude, confidence : (S, R, C) measured
    rad_per_um : motion-encoding efficiency
    """
    pixel_mm, liver = plan.protocol.pixel_mm, imaged.liver
    ratio = wave_to_noise(imaged.wave_um * rad_per_um, magnitude, imaged.scan, pixel_mm)
    snr = [_median(level, organ) / imaged.scan.noise for level, organ in zip(magnitude, liver, strict=True)]
    pixel_cm2 = (0.1 * pixel_mm) ** 2
    failures = tuple(
        slice_failure(
            np.count_nonzero(organ & (rated >= CONFIDENT)) * pixel_cm2,
            np.count_nonzero(organ) * pixel_cm2,
            snr[level],
            plan.slice_parameters[level].breathing_mm,
            plan.failure if plan.affected[level] else Failure.NONE,
        )
        for level, (organ, rated) in enumerate(zip(liver, confidence, strict=True))
    )
    # These names are stored in cohorts and stay.
    facts: dict[str, Fact] = {
        "given_failure": str(plan.failure),
        **asdict(plan.protocol),
        **{name: round(value, 4) for name, value in asdict(plan.parameters).items()},
        **{f"physics_{name}": value for name, value in asdict(plan.physics).items()},
        "liver_t2_star_ms": round(imaged.scan.liver_t2_star_ms, 2),
        "noise": round(imaged.scan.noise, 2),
        "driver_deg": round(float(np.rad2deg(imaged.driver_rad)), 1),
        "wave_um": round(_median(np.abs(imaged.wave_um), liver), 2),
        "wave_to_noise": round(_median(ratio, liver), 2),
        "magnitude_snr": round(float(np.median(snr)), 2),
        "confident_share": round(float((confidence[liver] >= CONFIDENT).mean()) if liver.any() else 0.0, 4),
    }
    parenchyma = imaged.true_kpa[imaged.tissue == Tissue.LIVER]
    truth = Truth(
        tissue=imaged.tissue,
        liver=liver,
        true_stiffness_kpa=imaged.true_kpa,
        stage=plan.stage,
        liver_stiffness_kpa=float(parenchyma.mean()) if parenchyma.size else plan.liver_stiffness_kpa,
        measurable=measurable_region(imaged.tissue, ratio, pixel_mm),
        failure=exam_failure(plan.failure, failures),
        slice_failures=failures,
    )
    return truth, facts


def _median(values: NDArray[np.floating], where: NDArray[np.bool_]) -> float:
    return float(np.median(values[where])) if where.any() else 0.0
