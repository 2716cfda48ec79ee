"""`liver-mre run`: run the graph on a folder of studies, publish the results, print the outcome."""

from __future__ import annotations

import logging
import os
import time
from typing import TYPE_CHECKING

from app.console import reporting
from app.logs import complain
from app.paths import resolve_input, resolve_output
from app.progress import progress_for
from app.signals import stopping
from app.site_settings import load_site_settings
from liver_mre.errors import ExitCode, MreError, OutputError
from liver_mre.method.steps import result_files
from liver_mre.method.toolkit import Toolkit
from liver_mre.method.write_results import import_writers
from liver_mre.results.audit import log_run
from liver_mre.results.publish import Publication
from liver_mre.studies.source import open_source
from liver_mre.workflow.outcome import INTERRUPTED, Reason, internal_error, reason_of
from liver_mre.workflow.stop import Stop

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from liver_mre.results.result import RunResult
    from liver_mre.studies.study_source import StudySource

log = logging.getLogger(__name__)

SECONDS_TO_PUBLISH = 1.0
"""Time for a study that is just being published when the process has to end."""


def run(
    path: Path | None,
    out: Path | None,
    config: Path | None,
    given: Mapping[str, object],
    *,
    quiet: bool,
    resume: bool = False,
) -> int:
    """Measure the studies under `path` into `out` and return the exit code.

    Parameters
    ----------
    config, given : settings file and settings of the command line
    resume : keep what an earlier run has published of the same input, made in the same way

    Raises
    ------
    UsageError
        If no output folder is given: not even `result.json` can be written.
    OutputError
        If the output folder cannot be written.
    """
    out = resolve_output(out)
    stop = Stop()
    open_sources: list[StudySource] = []
    with Publication(out, result_files().values()) as publication:
        try:
            with stopping(stop, lambda: _give_up(publication, open_sources)):
                result = _measure(path, publication, (config, given), stop, open_sources, quiet=quiet, resume=resume)
        finally:
            for source in open_sources:
                source.close()
    _report(result, out, quiet=quiet)
    return result.exit_code


def _measure(
    path: Path | None,
    publication: Publication,
    choices: tuple[Path | None, Mapping[str, object]],
    stop: Stop,
    open_sources: list[StudySource],
    *,
    quiet: bool,
    resume: bool,
) -> RunResult:
    """Run the graph; a failure of the whole run is published as its result.

    Parameters
    ----------
    choices : settings file and command line options
    open_sources : the source is added to it when opened; the caller closes it
    """
    config, given = choices
    try:
        source = open_source(resolve_input(path))
        open_sources.append(source)
        settings = load_site_settings(config, given)
        with Toolkit(settings) as toolkit:
            toolkit.require_memory()
            toolkit.profile  # noqa: B018  # an unknown profile fails the run here, not every study
            return run_graph(source, publication, toolkit, stop, quiet=quiet, resume=resume)
    except OutputError:
        raise
    except MreError as error:
        reason = reason_of(error)
    except Exception as error:  # an orchestrator must find any failure in result.json
        log.debug("the run failed", exc_info=True)
        reason = internal_error(error)
    return publication.fail(reason)


def _report(result: RunResult, out: Path, *, quiet: bool) -> None:
    """Print failures on stderr and, unless quiet, the summary on stdout; the results are published already."""
    log_run(result)
    if not quiet:
        with reporting():
            from app.summary import print_summary

            print_summary(result, out)
            if result.kept:
                print(f"Finished by an earlier run and left as published: {len(result.kept)} of the studies.")
    _print_failures(result)


def run_graph(
    source: StudySource, publication: Publication, toolkit: Toolkit, stop: Stop, *, quiet: bool, resume: bool
) -> RunResult:
    """Run the graph and return what it published."""
    # Before the model is loaded, which may need torch: torch is hidden while the SDK is imported.
    from app.application import LiverMreApplication
    from operators.context import Context

    toolkit.preload(import_writers)
    with progress_for(quiet=quiet) as progress:
        context = Context(source, publication, toolkit, progress, stop, time.perf_counter(), resume)
        application = LiverMreApplication(context)
        application.run()
    publisher = application.publisher
    if publisher is not None and publisher.error is not None:
        raise publisher.error
    if publisher is None or publisher.result is None:
        reason = Reason("internal_error", "The graph ended early.", ExitCode.INTERNAL)
        return publication.fail(INTERRUPTED if stop.requested else reason)
    return publisher.result


def _give_up(publication: Publication, open_sources: list[StudySource]) -> None:
    """End the process in the middle of a step; say that the run was stopped, and which studies it had finished."""
    code, message = ExitCode.INTERNAL, INTERRUPTED.message
    try:
        if publication.fail(INTERRUPTED, SECONDS_TO_PUBLISH).reason is not INTERRUPTED:
            return  # the run has just ended by itself
    except OutputError as error:
        code, message = error.exit_code, str(error)
    complain(message)
    publication.close(SECONDS_TO_PUBLISH)
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
