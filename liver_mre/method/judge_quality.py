"""Step: judge the quality of an acquisition and of each of its slices."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from liver_mre.method.not_evaluable import CHECK_IMAGES, NO_LIVER, NO_MAGNITUDE, because_of_quality, missing_magnitude
from liver_mre.method.stages import Judged, NotEvaluable
from liver_mre.quality.image import quality_images
from liver_mre.quality.judge import QualityInput, judge
from liver_mre.quality.limits_file import load_limits
from liver_mre.stiffness.companions import with_companions
from liver_mre.stiffness.phases import read_phases
from liver_mre.stiffness.waves import wave_maps

if TYPE_CHECKING:
    from liver_mre.method.stages import Segmented
    from liver_mre.method.toolkit import Toolkit
    from liver_mre.quality.verdict import AcquisitionQuality
    from liver_mre.stiffness.waves import WaveMaps

LIMITS_OF_OTHER_NETWORK: Final = (
    "The limits for unusual exams were calibrated with liver outlines by {}, but this outline is by {}: good exams may "
    "be refused, or unusual ones measured."
)


def judge_quality(segmented: Segmented, toolkit: Toolkit) -> Judged:
    """Judge the slices of an acquisition if quality control is on; returns what `judge_with_waves` returns."""
    if not toolkit.settings.quality_control:
        return segmented.to(Judged)
    return judge_with_waves(segmented, toolkit, _read_waves(segmented))


def judge_with_waves(segmented: Segmented, toolkit: Toolkit, waves: WaveMaps | None) -> Judged:
    """Judge the slices of an acquisition.

    Parameters
    ----------
    waves : wave amplitude and residual of its slices, from phase images; None without usable ones

    Returns
    -------
    `NotEvaluable` if there is no liver, no diagnostic slice or no magnitude though one is required, or if it is out of
    domain.
    """
    mask = segmented.mask
    if not mask.liver.any():
        return segmented.to(NotEvaluable, reason=NO_LIVER)
    volume = segmented.volume
    if not toolkit.card.takes_all_channels:
        # A masked elastogram alone hardly shows whether it is that of a liver.
        volume = with_companions(volume, segmented.acquisition)
    given = QualityInput(
        volume,
        mask.liver,
        waves=waves,
        network_channels=segmented.network_channels,
        alternatives=mask.alternatives,
    )
    quality, limits, model = _judged(given, toolkit), load_limits(), toolkit.quality_model
    without_magnitude = volume.magnitude is None
    reason = because_of_quality(quality)
    if reason is None and without_magnitude and toolkit.settings.require_magnitude:
        reason = missing_magnitude(segmented, toolkit.settings) or NO_MAGNITUDE
    warnings: tuple[str, ...] = (CHECK_IMAGES,) if reason is None and without_magnitude else ()
    if limits.model != mask.model.title:
        warnings += (LIMITS_OF_OTHER_NETWORK.format(limits.model, mask.model.title),)
    judged = segmented.to(Judged, quality=quality, quality_model=model.identity if model else None, warnings=warnings)
    return judged if reason is None else judged.to(NotEvaluable, reason=reason)


def _judged(given: QualityInput, toolkit: Toolkit) -> AcquisitionQuality:
    volume, model = given.volume, toolkit.quality_model
    logits = None
    if model is not None:
        images = quality_images(
            volume.stiffness_kpa,
            volume.confident,
            given.liver,
            volume.pixel_spacing_mm,
            unmasked_kpa=None if volume.only_masked else volume.complete_kpa,
            magnitude=volume.magnitude,
            # The networks were trained with waves only where there was a magnitude.
            waves=None if volume.magnitude is None else given.waves,
        )
        logits = model.logits(images)
    return judge(replace(given, magnitude=volume.magnitude, logits=logits), load_limits())


def _read_waves(segmented: Segmented) -> WaveMaps | None:
    if not segmented.mask.liver.any():
        return None
    phases = read_phases(segmented.acquisition.phases, segmented.volume.instances)
    return None if phases is None else wave_maps(phases)
