"""Publish the results of a run: each study when it is done, `result.json` at the end.

Whatever happens, and when: a study's folder holds the earlier results or the new ones, never a part of either, and
`result.json`, where it is, is true of the folders that it names. A run changes OUT in this order:

1. `progress.json` says that OUT is being changed, and which studies are finished;
2. the earlier `result.json` and `metadata.json` are put aside, because they will not be true of what follows;
3. each study's folder is moved to its place in one step, then listed in `progress.json`;
4. `result.json` is moved to its place, so that whoever waits for it finds everything else, and `progress.json` removed.

While there is `progress.json` and no `result.json`, the run has not ended. If it never does, the next run finds both
facts and completes or undoes what is left (`liver_mre.results.recovery`).
"""

from __future__ import annotations

import logging
import os
import threading
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Self

from liver_mre.errors import ExitCode, OutputError
from liver_mre.results import file_operations
from liver_mre.results.json_text import json_text
from liver_mre.results.metadata import METADATA_FILE
from liver_mre.results.output_lock import CANNOT_LOCK, OutputLock
from liver_mre.results.record import PUBLISHED, RECORD_FILE, Origin, record_text
from liver_mre.results.recovery import (
    EARLIER,
    PROGRESS_FILE,
    RESULT_FILE,
    STAGING_PREFIX,
    UNFINISHED,
    recover,
    settle,
    stage_result,
)
from liver_mre.results.result import failed_run
from liver_mre.results.study_folder import check_replaceable, holds_only_results, put_in_place, write_to_disk
from liver_mre.workflow.outcome import reason_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

    from liver_mre.results.result import EarlierStudy, RunResult, StudyResult
    from liver_mre.workflow.outcome import Reason

log = logging.getLogger(__name__)

REFUSED: Final = frozenset({ExitCode.NO_ELIGIBLE_SERIES, ExitCode.INVALID_INPUT})
"""Exit codes of failures that speak of the study itself: earlier results of it are then not true of it any more."""
KEPT_EARLIER: Final = "The results of an earlier run are still in the folder of this study."
_ATTEMPTS: Final = 3


class Publication:
    """The results of one run on their way into the output folder; a context manager.

    Parameters
    ----------
    out : the output folder; it is created if needed
    names : names of result files; a folder of a study is replaced only if it holds nothing else
    killed : what to say of an earlier run that was killed here

    Attributes
    ----------
    staging : folder inside the output folder, so on the same file system, that writers write into
    finished : results of the studies that have been through all steps
    kept : studies that an earlier run had finished
    result : how the run ended; None before that is published
    warnings : about the output folder
    recovered : whether `result.json` of an earlier run that was killed here has been written

    Raises
    ------
    OutputInUseError
        Another run is writing into the folder.
    OutputError
        The folder cannot be written.
    """

    def __init__(self, out: Path, names: Collection[str] = (), killed: Reason = UNFINISHED) -> None:
        self.finished: list[StudyResult] = []
        self.kept: list[EarlierStudy] = []
        self.result: RunResult | None = None
        self.warnings: tuple[str, ...] = ()
        self._names = frozenset({*names, RECORD_FILE})
        self._mutex = threading.RLock()
        self._changing = self._put_aside = False
        self._failure = UNFINISHED
        self._published: set[str] = set()
        try:
            file_operations.make_folders(out)
            self.out = out.resolve()
            self._lock = OutputLock(self.out)
        except OSError as error:
            raise OutputError.of(error) from error
        try:
            self.recovered = self._lock.held and recover(self.out, killed)
            self.staging = file_operations.make_private_folder(self.out, STAGING_PREFIX)
        except OSError as error:
            self._lock.release()
            raise OutputError.of(error) from error
        if not self._lock.held:
            self.warnings = (CANNOT_LOCK,)

    def __enter__(self) -> Self:
        """Return it."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def publish_study(self, study: StudyResult, origin: Origin, total: int | None = None) -> StudyResult:
        """Move the staged results of a study into the output folder, if it has any.

        Earlier results of the study are replaced as a whole. Those of a study that is now refused are removed at the
        end of the run; those of one that only could not be processed stay.

        Parameters
        ----------
        origin : what the results were made from
        total : number of studies in the run, for `progress.json`

        Returns
        -------
        StudyResult
            As given; failed if its results could not be moved. They are then as they were before.
        """
        with self._mutex:
            if self.result is not None:  # the end of the run is already told
                return study
            folder = self.staging / study.study_instance_uid
            try:
                if study.status in PUBLISHED:
                    self._move(study, folder, origin)
            except OSError as error:
                study = study.failed(reason_of(OutputError.of(error)))
            except OutputError as error:
                study = study.failed(reason_of(error))
            with suppress(OSError):
                file_operations.remove_tree(folder)  # the disk may be full of it
            self.finished.append(self._with_warning(study))
            with suppress(OSError):  # `result.json` will fail too, and that is told
                if self._changing:
                    self._write_progress(total)
            return self.finished[-1]

    def keep(self, study: EarlierStudy) -> None:
        """Leave a study as an earlier run has published it."""
        with self._mutex:
            self.kept.append(study)
            self._published.add(study.study_instance_uid)

    def fail(self, reason: Reason, wait_s: float = -1) -> RunResult:
        """Publish that the run failed as a whole, and the studies that it has finished; see `finish`."""
        return self._finish(lambda: failed_run(reason, self.finished, self.kept, warnings=self.warnings), wait_s)

    def finish(self, result: RunResult) -> RunResult:
        """Publish how the run ended, unless that has been done.

        Returns
        -------
        RunResult
            What was published first: the same, or what the run had ended with before.

        Raises
        ------
        OutputError
            It cannot be written.
        """
        return self._finish(lambda: result, -1)

    def _finish(self, make_result: Callable[[], RunResult], wait_s: float) -> RunResult:
        """Do so, but wait only so long for a study that is just being published; -1 is until it is."""
        if not self._mutex.acquire(timeout=wait_s):
            raise OutputError
        try:
            if self.result is None:
                result = make_result()
                self._end_with(result)
                self.result = result
        except OSError as error:
            failure = OutputError.of(error)
            self._failure = reason_of(failure)
            raise failure from error
        else:
            return self.result
        finally:
            self._mutex.release()

    def close(self, wait_s: float = -1) -> None:
        """Remove everything but results, and let other runs write; what a run that has not ended began is undone.

        What cannot be done, or not in this time, the next run does.
        """
        if not self._mutex.acquire(timeout=wait_s):
            return
        try:
            if self._changing and self.result is None:
                settle(self.out, self.staging.name, self._failure)
                file_operations.remove_file(self.out / PROGRESS_FILE)
            self._discard()
        except OSError as error:
            log.warning("The output folder could not be tidied (%s). The next run does that.", type(error).__name__)
        finally:
            self._lock.release()
            self._mutex.release()

    def _move(self, study: StudyResult, folder: Path, origin: Origin) -> None:
        uid = study.study_instance_uid
        target = self.out / uid
        file_operations.write_text(folder / RECORD_FILE, record_text(study, self.staging.name, origin, folder))
        write_to_disk(folder)
        check_replaceable(target, self._names)
        self._begin_changing()
        put_in_place(folder, target, self.staging / EARLIER / uid)
        self._published.add(uid)

    def _begin_changing(self) -> None:
        """Say that the folder is being changed, and put aside what will not be true of it."""
        if self._put_aside:
            return
        file_operations.make_folder(self.staging / EARLIER)
        self._write_progress(None)
        self._changing = True
        for name in (RESULT_FILE, METADATA_FILE):
            if os.path.lexists(self.out / name):
                file_operations.rename(self.out / name, self.staging / EARLIER / name)
        self._put_aside = True

    def _write_progress(self, total: int | None) -> None:
        content: dict[str, Any] = {
            "status": "unfinished",
            "run": self.staging.name,
            "total": total,
            "finished": [
                {"study_instance_uid": uid, "status": status.value}
                for uid, status in (
                    *((study.study_instance_uid, study.status) for study in self.kept),
                    *((study.study_instance_uid, study.status) for study in self.finished),
                )
            ],
        }
        file_operations.write_text(self.staging / PROGRESS_FILE, json_text(content, indent=2) + "\n")
        file_operations.replace(self.staging / PROGRESS_FILE, self.out / PROGRESS_FILE)

    def _end_with(self, result: RunResult) -> None:
        stage_result(self.staging, result)
        self._begin_changing()
        for uid in self._refused(result):
            file_operations.rename(self.out / uid, self.staging / EARLIER / uid)
        file_operations.replace(self.staging / METADATA_FILE, self.out / METADATA_FILE)
        file_operations.replace(self.staging / RESULT_FILE, self.out / RESULT_FILE)
        with suppress(OSError):  # the run has ended; whatever is left, the next one removes
            file_operations.remove_file(self.out / PROGRESS_FILE)
            file_operations.sync(self.out)

    def _refused(self, result: RunResult) -> list[str]:
        """Return the studies whose earlier results are not true of them any more."""
        uids = dict.fromkeys(
            study.study_instance_uid
            for study in result.studies
            if study.failure is not None and study.failure.exit_code in REFUSED
        )
        return [uid for uid in uids if uid not in self._published and holds_only_results(self.out / uid, self._names)]

    def _with_warning(self, study: StudyResult) -> StudyResult:
        """Say so if earlier results of a study that could not be processed stay where they are."""
        uid = study.study_instance_uid
        stay = study.failure is not None and study.failure.exit_code not in REFUSED
        if stay and holds_only_results(self.out / uid, self._names):
            return replace(study, warnings=(*study.warnings, KEPT_EARLIER))
        return study

    def _discard(self) -> None:
        for attempt in range(_ATTEMPTS):  # a step that is being abandoned may still write
            try:
                file_operations.remove_tree(self.staging)
            except OSError:
                if attempt + 1 == _ATTEMPTS:
                    raise
