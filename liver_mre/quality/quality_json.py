"""Quality as plain JSON values, for `result.json` and `liver-mre qc --json`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from liver_mre.quality.verdict import CAUSE_WORDS

if TYPE_CHECKING:
    from liver_mre.quality.verdict import AcquisitionQuality, Check, SliceQuality, Verdict


def quality_json(quality: AcquisitionQuality | None, verdict: Verdict | None) -> dict[str, Any] | None:
    """Return the quality of an acquisition and its verdict; None where it was not judged."""
    if quality is None:
        return None
    return {
        "light": str(verdict),
        "judged_by": quality.judged_by,
        "unlike": list(quality.out_of_domain),
        "hint": quality.hint,
        "checks": [_check(check) for check in quality.checks],
        "slices": [_slice(one) for one in quality.slices],
    }


def _slice(one: SliceQuality) -> dict[str, Any]:
    return {
        "slice": one.slice_index + 1,
        "sop_instance_uid": one.sop_instance_uid,
        "frame_number": one.frame_number,
        "light": str(one.verdict),
        "diagnostic": one.diagnostic,
        "probability": None if one.probability is None else round(one.probability, 4),
        "votes": None if one.votes is None else list(one.votes),
        "cause": str(one.cause) if one.cause else None,
        "cause_words": CAUSE_WORDS[one.cause] if one.cause else "",
        "hint": one.hint,
        "checks": [_check(check) for check in one.checks],
    }


def _check(check: Check) -> dict[str, Any]:
    return {
        "name": check.name,
        "value": None if math.isnan(check.value) else float(f"{check.value:.4g}"),
        "unit": check.unit,
        "low": check.low,
        "high": check.high,
        "passed": check.passed,
    }
