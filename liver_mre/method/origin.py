"""What results were made from: the digests by which a later run tells whether they would be the same again."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import fields
from typing import TYPE_CHECKING, Final

from liver_mre.about import __version__
from liver_mre.errors import MreError
from liver_mre.results.record import Origin, read_record
from liver_mre.studies.digest import study_sha256
from liver_mre.studies.text_file import read_text_file

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from liver_mre.method.toolkit import Toolkit
    from liver_mre.results.result import EarlierStudy, StudyResult
    from liver_mre.studies.study import Study

log = logging.getLogger(__name__)

_BY_CONTENT: Final = frozenset({"profile", "profiles_dir", "scanner_rules", "model_dir", "quality_dir"})
"""Settings that name files: what is in these counts, not where they are."""
_WITHOUT_EFFECT: Final = frozenset({"skipped_exit_code", "device", "precision"})
"""Settings that change no result, or that the models' identities tell."""


def origin_of(study: Study, result: StudyResult, toolkit: Toolkit, out: Path) -> Origin:
    """Return what a result was made from, once it was; the toolkit has then loaded its models."""
    used = {decision.series_instance_uid for decision in result.input_series if decision.used}
    return Origin(_input_sha256(study, used, out), method_sha256(toolkit))


def earlier_result(study: Study, toolkit: Toolkit, out: Path) -> EarlierStudy | None:
    """Return the results of a study in the output folder, if they would be the same if it were measured now.

    They must be of the same input, settings, version and models, and still as they were published.
    """
    folder = out / study.study_instance_uid
    record = read_record(folder)
    if record is None or record.study.study_instance_uid != study.study_instance_uid:
        return None
    used = {str(one["series_instance_uid"]) for one in record.study.content["input_series"] if one["used"]}
    origin = Origin(_input_sha256(study, used, out), method_sha256(toolkit))
    return record.study if origin.equals(record.origin) and record.is_intact(folder) else None


def _input_sha256(study: Study, used: Collection[str], out: Path) -> str:
    try:
        return study_sha256(study, used, apart_from=out)
    except OSError:  # removed while it was measured
        return ""


def method_sha256(toolkit: Toolkit) -> str:
    """Return the SHA-256 of all that decides about results beside the input; "" where a part cannot be loaded."""
    settings = toolkit.settings
    apart = _BY_CONTENT | _WITHOUT_EFFECT
    try:
        parts = [
            __version__,
            *(f"{one.name}={getattr(settings, one.name)!r}" for one in fields(settings) if one.name not in apart),
            repr(toolkit.profile),
            read_text_file(settings.scanner_rules) if settings.scanner_rules else "",
            repr(toolkit.model.identity),
            repr(quality.identity) if settings.quality_control and (quality := toolkit.quality_model) else "",
        ]
    except (MreError, OSError) as error:
        log.debug("the origin of results is unknown", exc_info=error)
        return ""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
