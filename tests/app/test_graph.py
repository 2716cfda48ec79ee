"""The graph on Holoscan: studies stream through it, one a tick, and an exception stays with its study."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pydicom
import pytest

from app.application import LiverMreApplication
from app.cli import main
from app.progress import WORDS, Bar, Lines, progress_for
from liver_mre.core.result import StudyStatus
from liver_mre.publish import STAGING_PREFIX, open_staging
from liver_mre.settings import Settings
from liver_mre.steps import Toolkit
from operators.segmentation_writer import SegmentationWriterOperator
from tests.app.test_bad_input import rename
from tests.app.test_run import ROOT, result_of

if TYPE_CHECKING:
    from pathlib import Path

    from liver_mre.case import Case
    from liver_mre.core.result import RunResult
    from tests.app.conftest import ExampleStudy


class Recorder:
    """Progress that remembers what it was told."""

    def __init__(self) -> None:
        self.events: list[tuple[int, str]] = []

    def scan(self) -> None:
        self.events.append((-1, "scan"))

    def step(self, case: Case, name: str) -> None:
        self.events.append((case.index, name))

    def done(self, case: Case) -> None:
        self.events.append((case.index, "done"))


@pytest.fixture
def three_studies(example: ExampleStudy, tmp_path: Path) -> Path:
    for name in "abc":
        for file in sorted(example.copy(tmp_path / "in" / name, without=("Wave", "_P", "_Stiff")).iterdir()):
            image = pydicom.dcmread(file)
            rename(image, "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", copy=name)
            image.save_as(file)
    return tmp_path / "in"


def run(path: Path, out: Path, progress: Recorder) -> RunResult:
    application = LiverMreApplication(path, out, open_staging(out), Toolkit(Settings()), progress)
    application.run()
    assert application.publisher is not None
    assert application.publisher.result is not None
    return application.publisher.result


def test_every_study_goes_through_every_step_once(three_studies: Path, tmp_path: Path) -> None:
    recorder = Recorder()
    result = run(three_studies, tmp_path / "out", recorder)
    assert [study.status for study in result.studies] == [StudyStatus.MEASURED] * 3
    assert recorder.events[0] == (-1, "scan")
    for index in range(3):
        assert {name for i, name in recorder.events if i == index} == {*WORDS, "done"}
        assert len([name for i, name in recorder.events if i == index]) == len(WORDS) + 1


def test_an_exception_in_one_study_is_that_studys_failure_only(
    three_studies: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = SegmentationWriterOperator.work

    def fails_on_the_second(self: SegmentationWriterOperator, case: Case) -> Case:
        if case.index == 1:
            raise RuntimeError
        return work(self, case)

    monkeypatch.setattr(SegmentationWriterOperator, "work", fails_on_the_second)
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
    with progress_for(quiet=False) as progress:
        assert isinstance(progress, Lines)
        progress.scan()
    assert capsys.readouterr().err == "reading the input\n"
    with progress_for(quiet=True) as progress:
        progress.scan()
    assert capsys.readouterr() == ("", "")


def test_on_a_terminal_progress_is_a_bar(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from liver_mre.case import Case

    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with progress_for(quiet=False) as progress:
        assert isinstance(progress, Bar)
        progress.scan()
        case = Case(1, 2, None)
        for name in WORDS:
            progress.step(case, name)
        progress.done(case)
        task = progress.bar.tasks[0]
        assert task.total == 2 * len(WORDS)
        assert "writing the overlay" in task.description
    capsys.readouterr()


def test_a_stopped_run_is_no_success_and_publishes_no_study(three_studies: Path, tmp_path: Path) -> None:
    """SIGTERM while the graph runs: no study is missing silently.

    Holoscan ends the process itself where a step takes longer than three seconds; then there is no `result.json`.
    """
    out = tmp_path / "out"
    command = [sys.executable, "-m", "app", "-i", str(three_studies), "-o", str(out)]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "segmenting" in line:
                process.terminate()
                break
        process.communicate(timeout=60)
    assert process.returncode == 1
    assert not [path for path in out.iterdir() if path.is_dir() and not path.name.startswith(STAGING_PREFIX)]
    if (out / "result.json").exists():
        result = result_of(out)
        assert (result["status"], result["reason"]["code"], result["studies"]) == ("failed", "interrupted", [])


def test_sigterm_before_the_graph_leaves_nothing_behind(tmp_path: Path) -> None:
    program = (
        "import os, signal, sys; import app.run; from app.cli import main;"
        "app.run.load_settings = lambda *a, **k: os.kill(os.getpid(), signal.SIGTERM);"
        "sys.exit(main(['run', '-i', sys.argv[1], '-o', sys.argv[2]]))"
    )
    command = [sys.executable, "-c", program, str(tmp_path), str(tmp_path / "out")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "interrupted" in done.stderr
    assert list((tmp_path / "out").iterdir()) == []


def test_a_run_that_dies_of_anything_says_so_in_result_json(
    example: ExampleStudy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(_: LiverMreApplication) -> None:
        raise ImportError

    monkeypatch.setattr(LiverMreApplication, "compose", dies)
    assert main(["run", "-i", str(example.folder), "-o", str(tmp_path), "--quiet"]) == 1
    result = result_of(tmp_path)
    assert (result["status"], result["exit_code"], result["reason"]["code"]) == ("failed", 1, "internal_error")
    assert [path.name for path in tmp_path.iterdir()] == ["result.json"]
