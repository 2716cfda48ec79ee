"""`liver-mre run`: run the graph on a folder of studies, publish the results, print the outcome."""

from __future__ import annotations

import logging
import os
import threading
import time
from typing import TYPE_CHECKING

from app.console import reporting
from app.logs import complain
from app.paths import resolve_input, resolve_output
from app.progress import progress_for
from app.signals import stopping
from app.site_settings import load_site_settings
from liver_mre.errors import ExitCode, MreError, OutputError
from liver_mre.method.toolkit import Toolkit
from liver_mre.method.write_results import import_writers
from liver_mre.results.audit import log_run
from liver_mre.results.publish import discard, open_staging, publish
from liver_mre.results.result import failed_run
from liver_mre.studies.source import open_source
from liver_mre.workflow.outcome import INTERRUPTED, Reason, internal_error, reason_of
from liver_mre.workflow.stop import Stop

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from liver_mre.results.result import RunResult
    from liver_mre.studies.study_source import StudySource

log = logging.getLogger(__name__)


def run(path: Path | None, out: Path | None, config: Path | None, given: Mapping[str, object], *, quiet: bool) -> int:
    """Measure the studies under `path` into `out` and return the exit code.

    Raises
    ------
    UsageError
        If no output folder is given: not even `result.json` can be written.
    OutputError
        If the output folder cannot be written.
    """
    out = resolve_output(out)
    staging = open_staging(out)
    stop = Stop()
    open_sources: list[StudySource] = []
    try:
        with stopping(stop, lambda: _give_up(staging, out, stop, open_sources)):
            result = _measure(path, (staging, out), (config, given), stop, open_sources, quiet=quiet)
    finally:
        discard(staging)
        for source in open_sources:
            source.close()
    _report(result, out, quiet=quiet)
    return result.exit_code


def _measure(
    path: Path | None,
    folders: tuple[Path, Path],
    choices: tuple[Path | None, Mapping[str, object]],
    stop: Stop,
    open_sources: list[StudySource],
    *,
    quiet: bool,
) -> RunResult:
    """Run the graph; a failure of the whole run is published as its result.

    Parameters
    ----------
    folders : staging and output folder
    choices : settings file and command line options
    open_sources : the source is added to it when opened; the caller closes it
    """
    (staging, out), (config, given) = folders, choices
    try:
        source = open_source(resolve_input(path))
        open_sources.append(source)
        settings = load_site_settings(config, given)
        with Toolkit(settings) as toolkit:
            toolkit.require_memory()
            toolkit.profile  # noqa: B018  # an unknown profile fails the run here, not every study
            return run_graph(source, staging, out, toolkit, stop, quiet=quiet)
    except OutputError:
        raise
    except MreError as error:
        return _publish_failure(staging, out, reason_of(error), stop)
    except Exception as error:  # an orchestrator must find any failure in result.json
        log.debug("the run failed", exc_info=True)
        return _publish_failure(staging, out, internal_error(error), stop)


def _report(result: RunResult, out: Path, *, quiet: bool) -> None:
    """Print failures on stderr and, unless quiet, the summary on stdout; the results are published already."""
    log_run(result)
    if not quiet:
        with reporting():
            from app.summary import print_summary

            print_summary(result, out)
    _print_failures(result)


def run_graph(source: StudySource, staging: Path, out: Path, toolkit: Toolkit, stop: Stop, *, quiet: bool) -> RunResult:
    """Run the graph and return what it published."""
    # Before the model is loaded, which may need torch: torch is hidden while the SDK is imported.
    from app.application import LiverMreApplication
    from operators.context import Context

    toolkit.preload(import_writers)
    with progress_for(quiet=quiet) as progress:
        context = Context(source, staging, out, toolkit, progress, stop, time.perf_counter())
        application = LiverMreApplication(context)
        application.run()
    publisher = application.publisher
    if publisher is not None and publisher.error is not None:
        raise publisher.error
    if publisher is None or publisher.result is None:
        reason = Reason("internal_error", "The graph ended early.", ExitCode.INTERNAL)
        return _publish_failure(staging, out, INTERRUPTED if stop.requested else reason, stop)
    return publisher.result


def _publish_failure(staging: Path, out: Path, reason: Reason, stop: Stop) -> RunResult:
    result = failed_run(reason)
    if not stop.first_to_report():
        threading.Event().wait()  # `_give_up` has reported, and is about to end the process
    staging.mkdir(exist_ok=True)
    publish(staging, out, result)
    return result


def _give_up(staging: Path, out: Path, stop: Stop, open_sources: list[StudySource]) -> None:
    """End the process in the middle of a step; publish only that the run was stopped."""
    if not stop.first_to_report():
        return  # the end of the run is just being reported
    complain(INTERRUPTED.message)
    code = ExitCode.INTERNAL
    try:
        publish(open_staging(out), out, failed_run(INTERRUPTED))
    except OutputError as error:
        code = error.exit_code
    discard(staging)
    for source in open_sources:
        source.close()
    os._exit(code)


def _print_failures(result: RunResult) -> None:
    """Print on stderr why the run or its studies failed, also if quiet."""
    if result.reason:
        complain(result.reason.message)
    for study in result.studies:
        if study.measurement is None and study.reason and study.reason.exit_code:
            complain(f"study {study.study_instance_uid}: {study.reason.message}")
