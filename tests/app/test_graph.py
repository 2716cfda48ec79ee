"""The graph on Holoscan: studies stream through it one by one, and an exception fails only its study."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pydicom
import pytest

from app import logs
from app.application import LiverMreApplication
from app.cli import main
from app.progress import NAMES, Bar, Lines, progress_for
from liver_mre.method.mre_study_run import MreStudyRun
from liver_mre.method.steps import STEPS, WRITERS, result_files
from liver_mre.method.toolkit import Toolkit
from liver_mre.results.publish import Publication
from liver_mre.settings import Settings
from liver_mre.studies.source import FolderSource
from liver_mre.studies.study import Study
from liver_mre.workflow.outcome import StudyStatus
from liver_mre.workflow.progress import Progress
from liver_mre.workflow.stop import Stop
from operators.context import Context
from tests.app.test_bad_input import rename
from tests.app.test_run import ROOT, result_of

if TYPE_CHECKING:
    from liver_mre.results.result import RunResult
    from liver_mre.workflow.step import Step
    from liver_mre.workflow.study_run import StudyRun
    from tests.app.conftest import ExampleStudy


class Recorder(Progress):
    """Records all progress."""

    def __init__(self) -> None:
        self.events: list[tuple[int, str]] = []

    def reading(self) -> None:
        self.events.append((-1, "reading"))

    def step(self, run: StudyRun, step: Step) -> None:
        self.events.append((run.index, step.name))

    def done(self, run: StudyRun) -> None:
        self.events.append((run.index, "done"))


@pytest.fixture
def three_studies(example: ExampleStudy, tmp_path: Path) -> Path:
    for name in "abc":
        for file in sorted(example.copy(tmp_path / "in" / name, without=("Wave", "_P", "_Stiff")).iterdir()):
            image = pydicom.dcmread(file)
            rename(image, "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", copy=name)
            image.save_as(file)
    return tmp_path / "in"


def run(path: Path, out: Path, progress: Recorder) -> RunResult:
    with Publication(out, result_files().values()) as publication:
        context = Context(FolderSource(path), publication, Toolkit(Settings()), progress, Stop(), time.perf_counter())
        application = LiverMreApplication(context)
        application.run()
    assert application.publisher is not None
    assert application.publisher.result is not None
    return application.publisher.result


def test_every_study_goes_through_every_step_once(three_studies: Path, tmp_path: Path) -> None:
    recorder = Recorder()
    result = run(three_studies, tmp_path / "out", recorder)
    assert [study.status for study in result.studies] == [StudyStatus.MEASURED] * 3
    assert recorder.events[0] == (-1, "reading")
    for index in range(3):
        assert {name for i, name in recorder.events if i == index} == {*NAMES, "done"}
        assert len([name for i, name in recorder.events if i == index]) == len(NAMES) + 1


def test_an_exception_fails_only_its_study(
    three_studies: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails_on_the_second(run: MreStudyRun, toolkit: Toolkit, staging: Path) -> MreStudyRun:
        if run.index == 1:
            raise RuntimeError
        return WRITERS[0].work(run, toolkit, staging)

    failing = (replace(WRITERS[0], work=fails_on_the_second), *WRITERS[1:])
    monkeypatch.setattr("app.application.WRITERS", failing)
    result = run(three_studies, tmp_path / "out", Recorder())
    assert [study.status.value for study in result.studies] == ["measured", "failed", "measured"]
    assert result.exit_code == 1
    assert len([path for path in (tmp_path / "out").iterdir() if path.is_dir()]) == 2


def test_importing_the_sdk_leaves_monai_and_torch_importable() -> None:
    assert "operators.sdk" in sys.modules
    assert sys.modules.get("torch", "absent") is not None
    monai = sys.modules.get("monai")
    assert monai is None or hasattr(monai, "__version__")


def test_progress_is_lines_where_there_is_no_terminal_and_nothing_when_quiet(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.set_up_logging("info")
    with progress_for(quiet=False) as progress:
        assert isinstance(progress, Lines)
        progress.reading()
    assert capsys.readouterr().err.endswith(": reading the input\n")
    with progress_for(quiet=True) as progress:
        progress.reading()
    assert capsys.readouterr() == ("", "")


def test_on_a_terminal_progress_is_a_bar(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    logs.set_up_logging("warning")
    with progress_for(quiet=False) as progress:
        assert isinstance(progress, Bar)
        progress.reading()
        run = MreStudyRun(1, 2, Study("1.2", ()))
        for step in (*STEPS, *WRITERS):
            progress.step(run, step)
        progress.done(run)
        task = progress.bar.tasks[0]
        assert task.total == 2 * len(NAMES)
        assert "writing the overlay" in task.description
    capsys.readouterr()


def assert_interrupted(process: subprocess.CompletedProcess[str], out: Path) -> None:
    """Check that a run reports that it was stopped, and wrote nothing else."""
    assert process.returncode == 1
    assert "stopped" in process.stderr
    result = result_of(out)
    assert (result["status"], result["reason"]["code"], result["studies"]) == ("failed", "interrupted", [])
    assert sorted(path.name for path in out.iterdir()) == ["metadata.json", "result.json"]


def threads_that_take_signals(process: int) -> list[str]:
    """Return the threads of a process that do not block SIGTERM, where Holoscan's handler would run."""
    bit = 1 << (signal.SIGTERM - 1)
    states = [path.read_text(encoding="utf-8") for path in Path(f"/proc/{process}/task").glob("*/status")]
    assert len(states) > 4
    return [state for state in states if not int(re.findall(r"^SigBlk:\s*(\w+)$", state, re.MULTILINE)[0], 16) & bit]


def test_a_run_that_is_stopped_between_steps_says_so_and_publishes_no_study(
    three_studies: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    command = [sys.executable, "-m", "app", "-i", str(three_studies), "-o", str(out)]
    threads = os.environ | {"OPENBLAS_NUM_THREADS": "4", "OMP_NUM_THREADS": "4"}  # started when numpy is imported
    with subprocess.Popen(
        command, cwd=ROOT, env=threads, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "segmenting" in line:
                assert len(threads_that_take_signals(process.pid)) <= 1  # the one that waits for them
                process.terminate()
                break
        printed, said = process.communicate(timeout=60)
    assert_interrupted(subprocess.CompletedProcess(command, process.returncode, printed, said), out)


@pytest.mark.parametrize(
    "slow",
    [
        "app.run.load_site_settings",
        "liver_mre.method.segment_liver.segment_liver",
        "liver_mre.method.write_results.write_report",
    ],
)
def test_a_run_that_is_stopped_in_a_long_step_ends_within_5_seconds(
    example: ExampleStudy, tmp_path: Path, slow: str
) -> None:
    """The step is replaced by one that prints the time, sends the signal and then sleeps for a minute."""
    module, name = slow.rsplit(".", 1)
    program = (
        f"import os, signal, sys, time, app.signals; app.signals.block(); import {module};"
        f"{module}.{name} = lambda *a, **k: (print(time.monotonic(), flush=True), os.kill(os.getpid(), signal.SIGTERM),"
        "time.sleep(60));"
        "from app.cli import script; script('run')"
    )
    command = [sys.executable, "-c", program, "-i", str(example.folder), "-o", str(tmp_path), "--quiet"]
    process = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert time.monotonic() - float(process.stdout.split()[0]) < 5.0
    assert_interrupted(process, tmp_path)


def test_ctrl_c_does_the_same(example: ExampleStudy, tmp_path: Path) -> None:
    program = (
        "import os, signal, time, app.signals; app.signals.block(); import liver_mre.method.segment_liver as module;"
        "module.segment_liver = lambda *a: (os.kill(os.getpid(), signal.SIGINT), time.sleep(1), a[0])[-1];"
        "from app.cli import script; script('run')"
    )
    command = [sys.executable, "-c", program, "-i", str(example.folder), "-o", str(tmp_path), "--quiet"]
    process = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert_interrupted(process, tmp_path)


def test_any_failure_of_a_run_is_reported_in_result_json(
    example: ExampleStudy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(_: LiverMreApplication) -> None:
        raise ImportError

    monkeypatch.setattr(LiverMreApplication, "compose", dies)
    assert main(["run", "-i", str(example.folder), "-o", str(tmp_path), "--quiet"]) == 1
    result = result_of(tmp_path)
    assert (result["status"], result["exit_code"], result["reason"]["code"]) == ("failed", 1, "internal_error")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["metadata.json", "result.json"]


def test_an_exception_after_the_end_was_published_changes_nothing_and_nobody_waits(
    example: ExampleStudy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measure = LiverMreApplication.run

    def dies_at_last(self: LiverMreApplication) -> None:
        measure(self)
        raise RuntimeError

    monkeypatch.setattr(LiverMreApplication, "run", dies_at_last)
    assert main(["run", "-i", str(example.folder), "-o", str(tmp_path), "--quiet"]) == 0
    assert result_of(tmp_path)["status"] == "completed"
