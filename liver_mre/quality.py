"""The step that judges the quality of an exam, and the same for a folder at the scanner."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from liver_mre.case import advance_exams
from liver_mre.core.quality.image import quality_images
from liver_mre.core.quality.judge import Seen, judge
from liver_mre.core.quality.types import CAUSE_WORDS, UNLIKE_HINT
from liver_mre.core.quality.waves import wave_maps
from liver_mre.core.result import Reason
from liver_mre.measuring import NO_LIVER, measure_stiffness
from liver_mre.quality_limits import load_limits
from liver_mre.settings import Settings
from liver_mre.steps import Toolkit, have, prepare, segment

if TYPE_CHECKING:
    from pathlib import Path

    from liver_mre.case import Case
    from liver_mre.core.quality.types import ExamQuality
    from liver_mre.core.quality.waves import WaveMaps
    from liver_mre.core.volume import StiffnessVolume
    from liver_mre.exam import Exam

UNLIKE = "This does not look like an axial elastogram of a liver, so nothing was measured. Unusual: {}. " + UNLIKE_HINT
OTHER_NETWORK = (
    "The limits by which unusual exams are recognised were found with outlines of the liver by {}, and {} made this "
    "one: they may refuse good exams, or let others pass."
)
NO_MAGNITUDE = (
    "No magnitude image of these slices could be used. Without one it can hardly be told whether they show a liver: "
)
LOOK_FIRST = NO_MAGNITUDE + "look at them before you use the number."
_OR = ", or look at the images and set require_magnitude to false."
SEND_IT = NO_MAGNITUDE + (
    "nothing was measured. Send the magnitude series with the study (a note says why one that is there cannot be "
    "used)" + _OR
)
NOT_THERE = "No magnitude series of these slices was found, so it is not evaluable: send it with the study" + _OR
NOT_DIAGNOSTIC = "No slice is diagnostic, so nothing was measured. Likely cause: {}. {}"


def judge_exams(case: Case, toolkit: Toolkit) -> Case:
    """Judge the quality of every exam of a case."""
    if not toolkit.settings.quality_control:
        return case
    return advance_exams(case, "quality", lambda exam: judge_quality(exam, toolkit, _waves(exam, case, toolkit)))


def judge_quality(exam: Exam, toolkit: Toolkit, waves: WaveMaps | None) -> Exam:
    """Judge the slices of an exam; one without liver or without a diagnostic slice is not evaluable.

    Parameters
    ----------
    waves : amplitude and residual of the phase on the exam's slices; None where it has no usable phase
    """
    mask = have(exam.mask)
    if not mask.liver.any():
        return replace(exam, not_evaluable=Reason("no_liver", NO_LIVER))
    volume = _with_all_there_is(have(exam.volume), exam, toolkit)
    seen = Seen(volume, mask.liver, waves=waves, shown=exam.network_channels, alternatives=mask.alternatives)
    quality = _judged(seen, toolkit)
    model = toolkit.quality_model
    judge_model = model.identity if model else None
    limits = load_limits()
    warnings = exam.warnings
    reason = why_not_evaluable(quality)
    if reason is None and volume.magnitude is None:
        if toolkit.settings.require_magnitude:
            reason, quality = Reason("no_magnitude", SEND_IT), replace(quality, measurable=False)
        else:
            warnings += (LOOK_FIRST,)
    if limits.model != mask.model.title:
        warnings += (OTHER_NETWORK.format(limits.model, mask.model.title),)
    return replace(
        exam,
        quality=quality,
        quality_model=judge_model,
        warnings=warnings,
        not_evaluable=reason,
    )


def foresee(exam: Exam, settings: Settings) -> Exam:
    """Tell, before any pixel is read, that an exam is not evaluable whatever it shows: what it needs is not there."""
    required = settings.quality_control and settings.require_magnitude
    if required and exam.selection.magnitude is None:
        return replace(exam, not_evaluable=Reason("no_magnitude", NOT_THERE))
    return exam


def why_not_evaluable(quality: ExamQuality) -> Reason | None:
    """Return the coded reason of an exam none of whose slices may be measured; None where one may be."""
    if quality.unlike:
        return Reason("unlike_liver_elastogram", UNLIKE.format(", ".join(quality.unlike)))
    if quality.diagnostic:
        return None
    cause = quality.cause
    words = CAUSE_WORDS[cause] if cause else "unknown"
    code = f"not_diagnostic_{cause}" if cause else "not_diagnostic"
    return Reason(code, NOT_DIAGNOSTIC.format(words, quality.hint).strip())


def assess_folder(path: Path, settings: Settings | None = None) -> list[Case]:
    """Judge every acquisition under `path`; whether one can be measured is tried, its numbers are not kept.

    Returns
    -------
    Cases whose exams hold their quality, their pixels and the predicted liver. Failures are in them.
    """
    from liver_mre.pipeline import find_series, open_cases

    toolkit = Toolkit(replace(settings or Settings(), quality_control=True))
    cases = []
    for opened in open_cases(path):
        case = find_series(opened, toolkit)
        case = advance_exams(case, "prepare", lambda exam: prepare(exam, toolkit))
        case = advance_exams(case, "segment", lambda exam: segment(exam, toolkit))
        case = judge_exams(case, toolkit)
        cases.append(advance_exams(case, "measure", lambda exam: _tried(exam, toolkit)))
    return cases


def _tried(exam: Exam, toolkit: Toolkit) -> Exam:
    return replace(measure_stiffness(exam, toolkit), measurement=None, region=None)


def _judged(seen: Seen, toolkit: Toolkit) -> ExamQuality:
    volume, model = seen.volume, toolkit.quality_model
    logits = None
    if model is not None:
        images = quality_images(
            volume.stiffness_kpa,
            volume.confident,
            seen.liver,
            volume.pixel_spacing_mm,
            unmasked_kpa=None if volume.shown_masked else volume.whole_kpa,
            magnitude=volume.magnitude,
            # Training shows waves only together with the magnitude.
            waves=None if volume.magnitude is None else seen.waves,
        )
        logits = model.logits(images)
    return judge(replace(seen, magnitude=volume.magnitude, logits=logits), load_limits())


def _with_all_there_is(volume: StiffnessVolume, exam: Exam, toolkit: Toolkit) -> StiffnessVolume:
    """Return the volume with magnitude and unmasked stiffness, also where the segmentation takes neither.

    What is no liver is hardly told from one by a masked elastogram alone.
    """
    if toolkit.card.takes_what_a_study_has:
        return volume
    from liver_mre.dicom.companions import with_companions

    return with_companions(volume, exam.selection)


def _waves(exam: Exam, case: Case, toolkit: Toolkit) -> WaveMaps | None:
    from liver_mre.dicom.phases import read_phases

    if case.study is None or not have(exam.mask).liver.any():
        return None
    acquisition, instances = exam.selection.stiffness.series_instance_uid, have(exam.volume).instances
    phases = read_phases(case.study, toolkit.rules, case.decisions, instances, acquisition)
    return None if phases is None else wave_maps(phases)
