"""Physical numbers of each slice and of the whole acquisition, beside what the networks say.

Each is computed in the liver that the segmentation found. What an acquisition does not have (phase images, a slice with
liver) gives NaN, never a guess.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from liver_mre.quality.verdict import Check

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from liver_mre.quality.limits import Limit
    from liver_mre.stiffness.volume import StiffnessVolume
    from liver_mre.stiffness.waves import WaveMaps

NAN: Final = float("nan")
HOT: Final = 1.6
"""A pixel is hot from so many times the slice's median: ours, above what patches of fibrosis reach."""
UNITS: Final = {
    "confident_liver": "cm2",
    "confident_share": "1",
    "hot_share": "1",
    "wave_amplitude": "rad",
    "wave_snr": "1",
    "phase_consistency": "1",
    "slice_agreement": "1",
}


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
    confident_liver (cm2), confident_share of the liver, hot_share: share of the confident liver that is stiffer than
    1.6 times its median (the hot spot under the driver), wave_amplitude (median, rad), wave_snr: root mean square
    amplitude over that of its noise, phase_consistency: share of the phase's variance that the wave explains
    """
    inside = liver[index]
    confident = inside & volume.confident[index] & volume.valid[index]
    values = volume.stiffness_kpa[index][confident]
    numbers = dict.fromkeys(UNITS, NAN)
    del numbers["slice_agreement"]
    numbers["confident_liver"] = float(np.count_nonzero(confident)) * volume.pixel_area_cm2
    if not inside.any():
        return numbers
    numbers["confident_share"] = float(np.count_nonzero(confident) / np.count_nonzero(inside))
    if values.size:
        numbers["hot_share"] = float(np.mean(values > HOT * np.median(values)))
    return numbers if waves is None else numbers | _wave_numbers(waves, index, inside)


def exam_numbers(volume: StiffnessVolume, liver: NDArray[np.bool_], diagnostic: tuple[int, ...]) -> dict[str, float]:
    """Return the numbers of the acquisition: how far the means of its diagnostic slices differ (SD over mean)."""
    roi = liver & volume.confident & volume.valid
    means = [volume.stiffness_kpa[index][roi[index]].mean(dtype=np.float64) for index in diagnostic if roi[index].any()]
    if len(means) < 2:  # noqa: PLR2004 - one slice agrees with itself
        return {"slice_agreement": NAN}
    return {"slice_agreement": float(np.std(means) / np.mean(means))}


def checks(numbers: Mapping[str, float], limits: Mapping[str, Limit]) -> tuple[Check, ...]:
    """Hold numbers against their limits; a number without a limit is only reported."""
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
