"""A batch keeps what it has finished, can be resumed, and lets no other run into its output folder."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pydicom
import pytest

from app.cli import main
from liver_mre.method.origin import earlier_result
from liver_mre.method.toolkit import Toolkit
from liver_mre.settings import load_settings
from liver_mre.studies.source import FolderSource
from tests.app.test_bad_input import rename
from tests.app.test_run import ROOT, result_of
from tests.results.publishing import open_publication

if TYPE_CHECKING:
    from collections.abc import Iterator

    from liver_mre.studies.study import Study
    from tests.app.conftest import ExampleStudy


@pytest.fixture(scope="module")
def two_studies(example: ExampleStudy, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("batch") / "in"
    for name in "ab":
        for file in sorted(example.copy(folder / name, without=("Wave", "_P", "_Stiff")).iterdir()):
            image = pydicom.dcmread(file)
            rename(image, "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", copy=name)
            image.save_as(file)
    return folder


def wait_for_the_first_study(process: subprocess.Popen[bytes], out: Path) -> None:
    while not (list(out.glob("[0-9]*")) or process.poll() is not None):
        time.sleep(0.01)


def interrupt(source: Path, out: Path, signal_number: int) -> int:
    """Run, and send a signal when the first study is published: the second one waits to be published."""
    program = (
        "import sys, time, app.signals; app.signals.block(); import operators.publisher as module;"
        "kept = module.join;"
        "module.join = lambda runs: (time.sleep(60 * runs[0].index), kept(runs))[1];"
        "from app.cli import script; script('run')"
    )
    command = [sys.executable, "-c", program, "-i", str(source), "-o", str(out), "--quiet"]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL) as process:
        wait_for_the_first_study(process, out)
        process.send_signal(signal_number)
    return process.returncode


def times_of(out: Path) -> dict[str, float]:
    return {path.parent.name: path.stat().st_mtime for path in out.glob("*/liver-sr.dcm")}


def test_a_batch_that_is_stopped_lists_what_it_finished_and_is_resumed(
    two_studies: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert interrupt(two_studies, tmp_path, signal.SIGTERM) == 1
    stopped = result_of(tmp_path)
    assert (stopped["status"], stopped["exit_code"], stopped["reason"]["code"]) == ("failed", 1, "interrupted")
    assert [study["status"] for study in stopped["studies"]] == ["measured"]
    assert stopped["models"]
    before = times_of(tmp_path)
    assert main(["run", "-i", str(two_studies), "-o", str(tmp_path), "--resume"]) == 0
    assert "study 1/2: finished by an earlier run" in capfd.readouterr().err
    resumed = result_of(tmp_path)
    assert [study["status"] for study in resumed["studies"]] == ["measured", "measured"]
    assert resumed["studies"][0] == stopped["studies"][0]
    assert resumed["models"] == stopped["models"]
    after = times_of(tmp_path)
    assert {uid: after[uid] for uid in before} == before
    assert len(after) == 2


def test_a_batch_that_is_killed_keeps_what_it_finished_and_is_resumed(two_studies: Path, tmp_path: Path) -> None:
    assert interrupt(two_studies, tmp_path, signal.SIGKILL) == -signal.SIGKILL
    assert not (tmp_path / "result.json").exists()
    assert (tmp_path / "progress.json").exists()
    (finished,) = times_of(tmp_path)
    # A run that fails at once says what the killed one had finished, or its own failure, and loses nothing.
    assert main(["run", "-i", str(two_studies), "-o", str(tmp_path), "--quiet", "--profile", "nobody_2020"]) == 2
    assert result_of(tmp_path)["reason"]["code"] != "killed"
    assert main(["run", "-i", str(two_studies), "-o", str(tmp_path), "--quiet", "--resume"]) == 0
    assert len(result_of(tmp_path)["studies"]) == 2
    assert finished in times_of(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir() if not path.is_dir()) == ["metadata.json", "result.json"]
    assert not list(tmp_path.glob(".*"))


@pytest.fixture(scope="module")
def finished(example: ExampleStudy, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    source, out = tmp_path_factory.mktemp("finished") / "in", tmp_path_factory.mktemp("out")
    example.copy(source, without=("Wave", "_P", "_Stiff"))
    assert main(["run", "-i", str(source), "-o", str(out), "--quiet"]) == 0
    return source, out


def other_pixels(source: Path, out: Path) -> None:
    del out
    for file in sorted(source.iterdir()):
        image = pydicom.dcmread(file)
        if image.SeriesDescription.endswith("StiffC95"):
            image.PixelData = image.PixelData[:-2] + b"\x01\x00"
            image.save_as(file)


def other_description(source: Path, out: Path) -> None:
    del out
    for file in sorted(source.iterdir()):
        image = pydicom.dcmread(file)
        image.ProtocolName = "another"
        image.save_as(file)


def a_slice_more(source: Path, out: Path) -> None:
    del out
    file = min(source.iterdir())
    image = pydicom.dcmread(file)
    rename(image, "SeriesInstanceUID", "SOPInstanceUID", copy="more")
    image.save_as(source / "more")


def damaged_result(source: Path, out: Path) -> None:
    del source
    (report,) = out.glob("*/liver-sr.dcm")
    report.write_bytes(report.read_bytes()[:-1])


def nothing(source: Path, out: Path) -> None:
    """Names of files do not count."""
    del out
    for number, file in enumerate(sorted(source.iterdir(), reverse=True)):
        file.rename(source / f"renamed-{number}")


@pytest.fixture(scope="module")
def toolkit() -> Toolkit:
    return Toolkit(load_settings())


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        (nothing, True),
        (other_pixels, False),
        (other_description, False),
        (a_slice_more, False),
        (damaged_result, False),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_only_what_would_be_the_same_again_is_kept(
    finished: tuple[Path, Path],
    tmp_path: Path,
    toolkit: Toolkit,
    change: Any,
    kept: bool,  # noqa: FBT001
) -> None:
    source, out = (Path(shutil.copytree(path, tmp_path / path.name)) for path in finished)
    change(source, out)
    (study,) = FolderSource(source)
    assert (earlier_result(study, toolkit, out) is not None) == kept


@pytest.mark.parametrize("changes", [{"profile": "liang_2023"}, {"preview": True}, {"quality_dir": None}], ids=str)
def test_results_of_other_settings_are_not_kept(finished: tuple[Path, Path], changes: dict[str, Any]) -> None:
    source, out = finished
    (study,) = FolderSource(source)
    assert earlier_result(study, Toolkit(load_settings().overridden(changes)), out) is None


def test_a_second_run_into_the_same_folder_ends_with_6_and_says_why(
    example: ExampleStudy, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with open_publication(tmp_path):
        assert main(["run", "-i", str(example.folder), "-o", str(tmp_path), "--quiet"]) == 6
    (line,) = capfd.readouterr().err.splitlines()
    assert line.endswith(
        "liver-mre: Another run is writing into this output folder. "
        "Wait until it has ended, or give another folder with -o."
    )


def test_a_study_that_the_source_gives_twice_is_published_once_and_the_second_is_refused(
    example: ExampleStudy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    once = FolderSource.__iter__

    def twice(self: FolderSource) -> Iterator[Study]:
        (study,) = once(self)
        yield study
        yield study

    monkeypatch.setattr(FolderSource, "__iter__", twice)
    assert main(["run", "-i", str(example.folder), "-o", str(tmp_path), "--quiet"]) == 4
    first, second = result_of(tmp_path)["studies"]
    assert (first["status"], second["status"], second["reason"]["code"]) == ("measured", "failed", "repeated_study")
    assert all((tmp_path / output["path"]).is_file() for output in first["outputs"])


def test_a_damaged_model_leaves_earlier_results_where_they_are(
    finished: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, out = finished[0], Path(shutil.copytree(finished[1], tmp_path / "out"))
    before = times_of(out)
    shutil.copytree(ROOT / "models/liver_segmentation", tmp_path / "model")
    (tmp_path / "model/weights.safetensors").write_bytes(b"damaged")
    monkeypatch.setenv("LIVER_MRE_MODEL_DIR", str(tmp_path / "model"))
    assert main(["run", "-i", str(source), "-o", str(out), "--quiet"]) == 5
    (study,) = result_of(out)["studies"]
    assert (study["status"], study["outputs"]) == ("failed", [])
    assert "earlier run" in study["warnings"][0]
    assert times_of(out) == before


def test_the_output_may_lie_in_the_input_and_is_not_taken_for_a_part_of_it(
    example: ExampleStudy, tmp_path: Path
) -> None:
    source = example.copy(tmp_path / "in", without=("Wave", "_P", "_Stiff"))
    made = []
    for resume in ([], ["--resume"]):
        assert main(["run", "-i", str(source), "-o", str(source / "out"), "--quiet", *resume]) == 0
        made.append(times_of(source / "out"))
    assert made[0] == made[1]
    assert len(result_of(source / "out")["studies"]) == 1


def test_an_output_folder_that_disappears_is_exit_code_6(
    example: ExampleStudy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    from liver_mre.method import stage_fibrosis as module

    out, stage = tmp_path / "out", module.stage
    monkeypatch.setattr(
        module, "stage", lambda *given, **named: (shutil.rmtree(out, ignore_errors=True), stage(*given, **named))[1]
    )
    assert main(["run", "-i", str(example.folder), "-o", str(out), "--quiet"]) == 6
    assert "removed during the run" in capfd.readouterr().err
    assert not out.exists()
