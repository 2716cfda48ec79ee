"""What to say where an exam came as several studies, so that what belongs together cannot be put together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from liver_mre.errors import NoConfidenceError, NoEligibleSeriesError, NoStiffnessError

if TYPE_CHECKING:
    from liver_mre.studies.study import Study


_SOMETHING_IS_MISSING: Final = frozenset({NoEligibleSeriesError, NoStiffnessError, NoConfidenceError})


def split_exam_hint(study: Study) -> str:
    """Say that other studies of the input show the same patient in the same frame of reference; "" without any."""
    if not study.shares_exam_with:
        return ""
    return (
        f"{study.shares_exam_with + 1} studies of the input share PatientID and FrameOfReferenceUID with each other, "
        "as the series of one exam do: if it was stored with several StudyInstanceUIDs, send it as one study."
    )


def with_hint_at_split_exam(error: NoEligibleSeriesError, study: Study) -> NoEligibleSeriesError:
    """Return the error with the hint, if something is missing that another study may hold."""
    hint = split_exam_hint(study)
    return type(error)(f"{hint} {error}") if hint and type(error) in _SOMETHING_IS_MISSING else error
