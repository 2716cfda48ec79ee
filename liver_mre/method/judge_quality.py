"""Step: judge the quality of an acquisition and of each of its slices."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from liver_mre.method.reasons import NO_LIVER
from liver_mre.method.stages import Judged, NotEvaluable
from liver_mre.quality.image import quality_images
from liver_mre.quality.judge import QualityInput, judge
from liver_mre.quality.limits_file import load_limits
from liver_mre.quality.verdict import CAUSE_WORDS, OUT_OF_DOMAIN_HINT
from liver_mre.stiffness.companions import with_companions
from liver_mre.stiffness.phases import read_phases
from liver_mre.stiffness.waves import wave_maps
from liver_mre.workflow.outcome import Reason

if TYPE_CHECKING:
    from liver_mre.method.stages import Segmented, Selected
    from liver_mre.method.toolkit import Toolkit
    from liver_mre.quality.verdict import AcquisitionQuality
    from liver_mre.settings import Settings
    from liver_mre.stiffness.waves import WaveMaps

OUT_OF_DOMAIN: Final = "This does not look like an axial elastogram of a liver, so nothing was measured. Unusual: {}. "
OTHER_NETWORK: Final = (
    "The limits by which unusual exams are recognised were found with outlines of the liver by {}, and {} made this "
    "one: they may refuse good exams, or let others pass."
)
NO_MAGNITUDE: Final = (
    "No magnitude image of these slices could be used. Without one it can hardly be told whether they show a liver: "
)
LOOK_FIRST: Final = NO_MAGNITUDE + "look at them before you use the number."
_OR: Final = ", or look at the images and set require_magnitude to false."
SEND_IT: Final = NO_MAGNITUDE + (
    "nothing was measured. Send the magnitude series with the study (a note says why one that is there cannot be "
    "used)" + _OR
)
NOT_THERE: Final = "No magnitude series of these slices was found, so it is not evaluable: send it with the study" + _OR
NOT_DIAGNOSTIC: Final = "No slice is diagnostic, so nothing was measured. Likely cause: {}. {}"


def judge_quality(segmented: Segmented, toolkit: Toolkit) -> Judged:
    """Judge the slices of an acquisition, if quality control is on."""
    if not toolkit.settings.quality_control:
        return segmented.to(Judged)
    return judge_with_waves(segmented, toolkit, _read_waves(segmented))


def judge_with_waves(segmented: Segmented, toolkit: Toolkit, waves: WaveMaps | None) -> Judged:
    """Judge the slices of an acquisition.

    Parameters
    ----------
    waves : amplitude and residual of the phase on its slices; None where it has no usable phase images

    Returns
    -------
    `NotEvaluable` without liver, without a diagnostic slice, without a magnitude where one is required, or where it is
    no axial elastogram of a liver.
    """
    mask = segmented.mask
    if not mask.liver.any():
        return segmented.to(NotEvaluable, reason=NO_LIVER)
    volume = segmented.volume
    if not toolkit.card.takes_all_channels:
        # A masked elastogram alone hardly shows whether it is one of a liver.
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
    reason = why_not_evaluable(quality)
    if reason is None and without_magnitude and toolkit.settings.require_magnitude:
        reason = Reason("no_magnitude", SEND_IT)
    warnings: tuple[str, ...] = (LOOK_FIRST,) if reason is None and without_magnitude else ()
    if limits.model != mask.model.title:
        warnings += (OTHER_NETWORK.format(limits.model, mask.model.title),)
    judged = segmented.to(Judged, quality=quality, quality_model=model.identity if model else None, warnings=warnings)
    return judged if reason is None else judged.to(NotEvaluable, reason=reason)


def needed_but_absent(selected: Selected, settings: Settings) -> Reason | None:
    """Return why an acquisition is not evaluable whatever its pixels show: what it needs is not in the study."""
    required = settings.quality_control and settings.require_magnitude
    return Reason("no_magnitude", NOT_THERE) if required and selected.acquisition.magnitude is None else None


def why_not_evaluable(quality: AcquisitionQuality) -> Reason | None:
    """Return the coded reason of an acquisition none of whose slices may be measured; None where one may be."""
    if quality.out_of_domain:
        words = OUT_OF_DOMAIN.format(", ".join(quality.out_of_domain))
        return Reason("unlike_liver_elastogram", words + OUT_OF_DOMAIN_HINT)
    if quality.diagnostic:
        return None
    cause = quality.cause
    words = CAUSE_WORDS[cause] if cause else "unknown"
    code = f"not_diagnostic_{cause}" if cause else "not_diagnostic"
    return Reason(code, NOT_DIAGNOSTIC.format(words, quality.hint).strip())


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
            # Training shows waves only together with the magnitude.
            waves=None if volume.magnitude is None else given.waves,
        )
        logits = model.logits(images)
    return judge(replace(given, magnitude=volume.magnitude, logits=logits), load_limits())


def _read_waves(segmented: Segmented) -> WaveMaps | None:
    if not segmented.mask.liver.any():
        return None
    phases = read_phases(segmented.acquisition.phases, segmented.volume.instances)
    return None if phases is None else wave_maps(phases)
