"""Physical numbers of each slice and of the acquisition, and their comparison with limits.

All are computed within the predicted liver. A number that cannot be computed (no phase images, no liver in the slice)
is NaN, never a guess.
"""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING, Final

import numpy as np

from liver_mre.quality.verdict import Check

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from liver_mre.quality.limits import Limit
    from liver_mre.stiffness.volume import StiffnessVolume
    from liver_mre.stiffness.waves import WaveMaps

HOT_FACTOR: Final = 1.6
"""A pixel is hot if stiffer than this multiple of the slice's median: ours, above what patches of fibrosis reach."""
UNITS: Final = {
    "confident_liver": "cm2",
    "confident_share": "1",
    "hot_share": "1",
    "wave_amplitude": "rad",
    "wave_snr": "1",
    "phase_consistency": "1",
    "slice_agreement": "1",
}
_OF_A_SLICE: Final = tuple(UNITS)[:-1]


def slice_numbers(
    volume: StiffnessVolume, liver: NDArray[np.bool_], index: int, waves: WaveMaps | None = None
) -> dict[str, float]:
    """Return the numbers of one slice.

    Parameters
    ----------
    volume : (S, R, C) stiffness
    liver : (S, R, C) predicted liver
    index : s
    waves : amplitude and residual of the phase, or None

    Returns
    -------
    confident_liver (cm2); confident_share of the liver; hot_share: share of the confident liver stiffer than
    `HOT_FACTOR` times its median (the hot spot under the driver); wave_amplitude (median, rad); wave_snr: root mean
    square amplitude over that of its noise; phase_consistency: share of the phase variance explained by the wave
    """
    inside = liver[index]
    confident = inside & volume.confident[index] & volume.valid[index]
    values = volume.stiffness_kpa[index][confident]
    numbers = dict.fromkeys(_OF_A_SLICE, nan)
    numbers["confident_liver"] = float(np.count_nonzero(confident)) * volume.pixel_area_cm2
    if not inside.any():
        return numbers
    numbers["confident_share"] = float(np.count_nonzero(confident) / np.count_nonzero(inside))
    if values.size:
        numbers["hot_share"] = float(np.mean(values > HOT_FACTOR * np.median(values)))
    return numbers if waves is None else numbers | _wave_numbers(waves, index, inside)


def exam_numbers(volume: StiffnessVolume, liver: NDArray[np.bool_], diagnostic: tuple[int, ...]) -> dict[str, float]:
    """Return the numbers of the acquisition: SD over mean of the mean stiffness of its diagnostic slices."""
    roi = liver & volume.confident & volume.valid
    means = [volume.stiffness_kpa[index][roi[index]].mean(dtype=np.float64) for index in diagnostic if roi[index].any()]
    return {"slice_agreement": float(np.std(means) / np.mean(means)) if len(means) > 1 else nan}


def compare(numbers: Mapping[str, float], limits: Mapping[str, Limit]) -> tuple[Check, ...]:
    """Compare numbers with their limits; a number without a limit is only reported."""
    return tuple(_check(name, value, limits.get(name)) for name, value in numbers.items())


def _check(name: str, value: float, limit: Limit | None) -> Check:
    if limit is None:
        return Check(name, value, UNITS[name], None, None, None)
    passed = None if np.isnan(value) else limit.holds(value)
    return Check(name, value, UNITS[name], limit.low, limit.high, passed)


def _wave_numbers(waves: WaveMaps, index: int, inside: NDArray[np.bool_]) -> dict[str, float]:
    amplitude = waves.amplitude_rad[index][inside].astype(np.float64)
    residual = waves.residual_rad[index][inside].astype(np.float64)
    signal, noise = np.mean(amplitude**2), np.mean(residual**2)
    tiny = np.finfo(np.float64).tiny
    return {
        "wave_amplitude": float(np.median(amplitude)),
        "wave_snr": float(np.sqrt(signal / max(2.0 * noise / waves.offsets, tiny))),
        "phase_consistency": float(0.5 * signal / max(0.5 * signal + noise, tiny)),
    }
