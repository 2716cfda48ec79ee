"""What headers say of another exam than one of the liver at 60 Hz: another part of the body, organ or frequency."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from liver_mre.errors import OtherBodyPartError, OtherExamError
from liver_mre.series.header_conditions import all_hold, tags

if TYPE_CHECKING:
    from liver_mre.series.scanner_rules import ScannerRules
    from liver_mre.studies.study import Series

# BodyPartExamined (DICOM PS3.16 annex L, and PHANTOM) that is never in one field of view with the liver.
_OTHER_BODY_PARTS: Final = frozenset(
    {
        *("BRAIN", "HEAD", "SKULL", "NECK", "BREAST", "HEART", "PROSTATE", "UTERUS", "SHOULDER", "ELBOW", "WRIST"),
        *("HAND", "ARM", "HIP", "THIGH", "LEG", "KNEE", "CALF", "ANKLE", "FOOT", "CSPINE", "PHANTOM"),
    }
)
_ASKED_FOR: Final = "; it was measured because it was asked for."


def other_exam_notes(series: Series, rules: ScannerRules, *, requested: bool) -> tuple[str, ...]:
    """Return notes on what the headers of a stiffness series say of another exam.

    Parameters
    ----------
    requested : True if the user named the series; what would refuse it is then a note

    Raises
    ------
    OtherBodyPartError
        BodyPartExamined is one where no liver is.
    OtherExamError
        A name of the series contradicts a measurement of the liver at 60 Hz.
    """
    return (*_of_body_part(series, requested=requested), *_of_names(series, rules, requested=requested))


def _of_body_part(series: Series, *, requested: bool) -> tuple[str, ...]:
    parts = {image.body_part.strip().upper() for image in series.instances} & _OTHER_BODY_PARTS
    if not parts:
        return ()
    finding = f"BodyPartExamined of stiffness series {series.series_number} is {' and '.join(sorted(parts))}"
    if requested:
        return (f"{finding}{_ASKED_FOR}",)
    msg = (
        f"{finding}, where no liver is. Nothing was measured; if it shows the liver all the same, name it with "
        f"--series {series.series_instance_uid}."
    )
    raise OtherBodyPartError(msg)


def _of_names(series: Series, rules: ScannerRules, *, requested: bool) -> tuple[str, ...]:
    notes = []
    for rule in rules.other_exams:
        named = [image for image in series.instances if all_hold(rule.when, image)]
        if not named:
            continue
        elements = " and ".join(tags(rule.when, named[0]))
        finding = f"{elements} of stiffness series {series.series_number} {rule.says}"
        if not rule.refused:
            notes.append(f"{finding}. {rule.why}")
        elif requested:
            notes.append(f"{finding}{_ASKED_FOR} {rule.why}")
        else:
            msg = (
                f"{finding}. {rule.why} Nothing was measured; if the name is wrong, name the series with "
                f"--series {series.series_instance_uid}."
            )
            raise OtherExamError(msg)
    return tuple(notes)
