"""A run turns a study into numbers, stage, SEG, SR and overlay, alike from command line, MAP command and Python."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import highdicom
import jsonschema
import numpy as np
import pydicom
import pytest

from app.cli import main
from liver_mre import measure_folder
from liver_mre.workflow.outcome import StudyStatus
from simulation.exams.simulate import simulate_exam
from tests.app.conftest import SEED

if TYPE_CHECKING:
    from tests.app.conftest import ExampleStudy

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "liver_mre/data/result.schema.json").read_text(encoding="utf-8"))


def result_of(out: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((out / "result.json").read_text(encoding="utf-8"))
    jsonschema.validate(content, SCHEMA)
    return content


@pytest.fixture(scope="module")
def published(example: ExampleStudy, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("published")
    assert main(["run", "-i", str(example.folder), "-o", str(out), "--preview", "--quiet"]) == 0
    return out


def test_result_json_reports_a_measured_study_whose_outputs_all_exist(published: Path) -> None:
    result = result_of(published)
    assert (result["status"], result["exit_code"], result["reason"]) == ("completed", 0, None)
    (study,) = result["studies"]
    assert study["status"] == "measured"
    assert [output["kind"] for output in study["outputs"]] == ["seg", "sr", "overlay", "preview"]
    for output in study["outputs"]:
        path = published / output["path"]
        assert path.is_file()
        if output["sop_instance_uid"]:
            assert pydicom.dcmread(path, stop_before_pixels=True).SOPInstanceUID == output["sop_instance_uid"]
    assert sorted(p.name for p in published.iterdir()) == [study["study_instance_uid"], "metadata.json", "result.json"]


def test_the_measured_stiffness_is_that_of_the_elastogram_over_the_true_liver(published: Path) -> None:
    exam = simulate_exam(SEED, stage="F2")
    roi = exam.truth.liver & (exam.confidence >= 0.95) & (exam.stiffness_kpa > 0)
    truth_kpa = float(exam.stiffness_kpa[roi].mean())
    mean_kpa = result_of(published)["studies"][0]["measurement"]["stiffness_kpa"]["mean"]
    assert mean_kpa == pytest.approx(truth_kpa, rel=0.10)


def test_the_numbers_follow_from_the_published_mask_and_the_original_pixels_alone(
    published: Path, example: ExampleStudy
) -> None:
    (study,) = result_of(published)["studies"]
    seg = highdicom.seg.segread(published / next(o["path"] for o in study["outputs"] if o["kind"] == "seg"))
    series = [pydicom.dcmread(f) for name, files in example.series.items() if name.endswith("C95") for f in files]
    pixels = {str(image.SOPInstanceUID): image.pixel_array for image in series}
    areas, means = [], []
    for entry in study["measurement"]["slices"]:
        uid = entry["sop_instance_uid"]
        mask = seg.get_pixels_by_source_instance([uid], segment_numbers=[2])[0, :, :, 0]
        stored = pixels[uid][mask > 0]
        areas.append(stored.size * 0.15625**2)
        means.append(stored.mean() * 0.01)
        assert entry["stiffness_kpa_mean"] == pytest.approx(means[-1], rel=1e-5)
        assert entry["area_cm2"] == pytest.approx(areas[-1], rel=1e-5)
    measured = seg.get_pixels_by_source_instance(list(pixels), segment_numbers=[2])
    assert np.count_nonzero(measured) * 0.15625**2 == pytest.approx(sum(areas))  # in no other slice
    mean_kpa = study["measurement"]["stiffness_kpa"]["mean"]
    assert mean_kpa == pytest.approx(np.average(means, weights=areas), rel=1e-5)


def test_the_map_command_in_its_own_process_gives_the_same_numbers(
    published: Path, example: ExampleStudy, tmp_path: Path
) -> None:
    environment = {**os.environ, "HOLOSCAN_INPUT_PATH": str(example.folder), "HOLOSCAN_OUTPUT_PATH": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", "app"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "Liver stiffness" in done.stdout
    assert "Significant fibrosis" in done.stdout
    lines = [line.partition(": ")[2] for line in done.stderr.splitlines()]
    assert lines[0] == "reading the input"
    assert all(line.startswith("study 1/1: ") for line in lines[1:-1])
    assert lines[-1].startswith("run completed, exit code 0")
    study, again = result_of(published)["studies"][0], result_of(tmp_path)["studies"][0]
    for key in ("measurement", "staging", "unit", "input_series"):
        assert again[key] == study[key]


def test_the_python_function_gives_the_same_numbers_without_holoscan_and_without_files(
    published: Path, example: ExampleStudy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = measure_folder(example.folder)
    study = result_of(published)["studies"][0]
    assert result.studies[0].status is StudyStatus.MEASURED
    assert result.studies[0].measurement is not None
    assert result.studies[0].measurement.mean_kpa == pytest.approx(study["measurement"]["stiffness_kpa"]["mean"])
    assert result.studies[0].staging is not None
    assert result.studies[0].staging.category == study["staging"]["category"]
    assert not list(tmp_path.iterdir())


def test_measure_folder_needs_no_holoscan(example: ExampleStudy) -> None:
    program = (
        "import sys, pathlib; from liver_mre import measure_folder;"
        "r = measure_folder(pathlib.Path(sys.argv[1])); assert r.exit_code == 0;"
        "print([m for m in ('holoscan', 'monai', 'torch', 'highdicom', 'simulation') if m in sys.modules])"
    )
    command = [sys.executable, "-c", program, str(example.folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_run_imports_neither_monai_nor_torch_nor_the_simulation(example: ExampleStudy, tmp_path: Path) -> None:
    program = (
        "import sys; from app.cli import main;"
        "assert main(['run', '-i', sys.argv[1], '-o', sys.argv[2], '--quiet']) == 0;"
        "print([m for m in ('monai', 'torch', 'torchvision', 'segmentation_models_pytorch', 'simulation', 'training',"
        " 'matplotlib', 'scipy') if m in sys.modules])"
    )
    command = [sys.executable, "-c", program, str(example.folder), str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_another_profile_changes_the_stage_and_not_the_stiffness(
    published: Path, example: ExampleStudy, tmp_path: Path
) -> None:
    assert main(["run", "-i", str(example.folder), "-o", str(tmp_path), "--profile", "liang_2023", "--quiet"]) == 0
    study, other = result_of(published)["studies"][0], result_of(tmp_path)["studies"][0]
    assert other["staging"]["profile"] == "liang_2023"
    assert other["measurement"] == study["measurement"]
    assert other["staging"]["significant_fibrosis"] == study["staging"]["significant_fibrosis"]


def test_an_override_of_the_unit_scales_the_numbers_and_is_recorded(
    published: Path, example: ExampleStudy, tmp_path: Path
) -> None:
    assert main(["run", "-i", str(example.folder), "-o", str(tmp_path), "--kpa-per-count", "0.02", "--quiet"]) == 0
    study = result_of(tmp_path)["studies"][0]
    assert study["unit"]["source"] == "override"
    assert study["unit"]["kpa_per_count"] == 0.02
    sr = next(o["path"] for o in study["outputs"] if o["kind"] == "sr")
    assert "override" in pydicom.dcmread(tmp_path / sr).to_json()
    before = result_of(published)["studies"][0]["measurement"]["stiffness_kpa"]["mean"]
    # Not exactly twice: the network sees other values and draws another outline.
    assert study["measurement"]["stiffness_kpa"]["mean"] == pytest.approx(2 * before, rel=0.05)


def test_quiet_prints_nothing(example: ExampleStudy, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "-i", str(example.folder), "-o", str(tmp_path), "--quiet"]) == 0
    assert capfd.readouterr() == ("", "")
