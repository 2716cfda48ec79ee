"""A digest of what a study was read from, to tell whether it has changed since."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from typing import TYPE_CHECKING

from liver_mre.studies.regular_file import open_regular
from liver_mre.studies.study import PatientKey

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path

    from liver_mre.studies.study import Study


def study_sha256(study: Study, in_full: Collection[str], *, apart_from: Path) -> str:
    """Return the SHA-256 of a study and the reports beside it, whatever their files are called.

    Of every image what its header says counts; of the series that were measured, and of reports, every byte.

    Parameters
    ----------
    in_full : UIDs of the series whose files are digested in full
    apart_from : folder whose files do not count: the results of a run are not its input

    Raises
    ------
    OSError
        A file can no longer be read.
    """
    inside = os.path.join(os.path.abspath(apart_from), "")  # noqa: PTH100, PTH118 - thousands of paths, as texts
    images = [
        (series.series_instance_uid, image)
        for series in study.series
        for image in series.instances
        if not _lies_in(image.source, inside)
    ]
    # The patient's digests have a key of their own in each run; whose images they are, the files say.
    headers = [repr(replace(image, source="", patient_key=PatientKey())) for _, image in images]
    files = {image.source for uid, image in images if uid in in_full}
    reports = {path for path in study.reports.paths if not _lies_in(path, inside)}
    parts = [study.study_instance_uid, *sorted(headers), "files", *_digests(files), "reports", *_digests(reports)]
    return hashlib.sha256("\n".join(parts).encode(errors="surrogateescape")).hexdigest()


def _digests(paths: Iterable[str]) -> list[str]:
    digests = []
    for path in paths:
        with open_regular(path) as stream:
            digests.append(hashlib.file_digest(stream, "sha256").hexdigest())
    return sorted(digests)


def _lies_in(path: str, folder: str) -> bool:
    return os.path.abspath(path).startswith(folder)  # noqa: PTH100 - as above
