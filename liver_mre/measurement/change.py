"""Change of stiffness since an earlier exam of the same patient."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

REPEATABILITY_PERCENT: Final = 19.0
"""Repeatability coefficient: according to the QIBA MRE profile (unverified), a measured change of 19 % or more is a
true change with 95 % confidence."""
REPEATABILITY_SOURCE: Final = "QIBA MRE profile, unverified"
_KPA_DECIMALS: Final = 5
_PERCENT_DECIMALS: Final = 3


@dataclass(frozen=True, slots=True)
class Prior:
    """Stiffness in an earlier report of this application about the same patient.

    `study_date` and `study_time` are DICOM values (YYYYMMDD, HHMMSS); `made_by` names the versions of application and
    model that measured it.
    """

    stiffness_kpa: float
    study_date: str
    study_time: str
    made_by: tuple[str, ...]
    sop_instance_uid: str
    study_instance_uid: str


@dataclass(frozen=True, slots=True)
class Change:
    """Change of the stiffness since an earlier exam.

    Attributes
    ----------
    prior : the earlier exam
    kpa, percent : later minus earlier, and in per cent of the earlier
    threshold_percent : repeatability coefficient that the change is compared with
    exceeds : True if the change reaches the threshold, in either direction
    same_versions : True if both exams were measured with the same versions of application and model
    """

    prior: Prior
    kpa: float
    percent: float
    threshold_percent: float
    exceeds: bool
    same_versions: bool


def change_since(
    prior: Prior, mean_kpa: float, made_by: tuple[str, ...], *, threshold_percent: float = REPEATABILITY_PERCENT
) -> Change:
    """Return the change since an earlier exam.

    Parameters
    ----------
    prior : the earlier exam
    mean_kpa : stiffness of this one
    made_by : versions of application and model that measured this one
    threshold_percent : repeatability coefficient, in per cent of the earlier stiffness

    Raises
    ------
    ValueError
        The earlier stiffness is not above 0.
    """
    if not prior.stiffness_kpa > 0.0:
        message = f"no change can be given from an earlier stiffness of {prior.stiffness_kpa} kPa"
        raise ValueError(message)
    difference = mean_kpa - prior.stiffness_kpa
    percent = round(100.0 * difference / prior.stiffness_kpa, _PERCENT_DECIMALS)
    return Change(
        prior=prior,
        kpa=round(difference, _KPA_DECIMALS),
        percent=percent,
        threshold_percent=threshold_percent,
        exceeds=abs(percent) >= threshold_percent,
        same_versions=prior.made_by == made_by,
    )
