"""The image: manifests, labels, size, time, and a locked-down run with the same numbers as outside a container."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from container.manifests import files, labels
from container.source import ENVIRONMENT, Source

if TYPE_CHECKING:
    from tests.container.conftest import Image

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "liver_mre/data/result.schema.json").read_text(encoding="utf-8"))
VARYING = {"timings_s", "sop_instance_uid"}  # new objects have new UIDs, also when run twice in the same place
GIGABYTE = 1e9
NO_COMMANDS = ("gcc", "cc", "make", "git", "curl", "pip")
NO_MODULES = (
    *("pip", "setuptools", "torch", "torchvision", "timm", "segmentation_models_pytorch", "training", "container"),
    *("tritonclient", "grpc", "cupy", "holoscan_cli", "openvino_telemetry"),
)
TRIES = 5


def measured(value: Any) -> Any:
    """Return a result without times and UIDs of new objects."""
    if isinstance(value, dict):
        return {key: measured(entry) for key, entry in value.items() if key not in VARYING}
    return [measured(entry) for entry in value] if isinstance(value, list) else value


def run_outside(study: Path, out: Path) -> float:
    """Run the application without a container, from a cold start; return the duration in seconds."""
    outside = {key: value for key, value in os.environ.items() if not key.startswith(("HOLOSCAN_", "LIVER_MRE_"))}
    command = [sys.executable, "-m", "app", "-i", str(study), "-o", str(out), "--quiet"]
    start = time.perf_counter()
    subprocess.run(command, check=True, cwd=ROOT, env=outside)
    return time.perf_counter() - start


def test_a_locked_down_run_gives_the_numbers_of_a_run_outside(image: Image, study: Path, tmp_path: Path) -> None:
    run_outside(study, tmp_path)
    inside = image.run(study=study)
    assert (inside.code, inside.left_behind) == (0, []), inside.stderr
    jsonschema.validate(inside.result, SCHEMA)
    outside = json.loads((tmp_path / "result.json").read_text(encoding="utf-8"))
    assert measured(inside.result) == measured(outside)
    assert outside["studies"][0]["measurement"]["stiffness_kpa"]["mean"] > 0


def test_from_a_cold_start_to_results_takes_at_most_1_3_times_as_long_as_outside(
    image: Image, study: Path, tmp_path: Path
) -> None:
    inside, outside = [], []
    for _ in range(TRIES):  # the shortest of several: other programs only add time
        outside.append(run_outside(study, tmp_path))
        inside.append(image.run_timed("--quiet", study=study).seconds)
        if min(inside) <= 1.3 * min(outside):
            break
    assert min(inside) <= 1.3 * min(outside), (inside, outside)


def test_the_self_test_passes_in_a_locked_down_container(image: Image) -> None:
    finished = image.run("self-test")
    assert finished.code == 0, finished.stdout + finished.stderr
    assert "Self-test passed" in finished.stdout


def test_it_also_runs_as_root_if_a_platform_sets_no_user(image: Image, study: Path) -> None:
    assert image.run("--quiet", study=study, options=image.locked_down(user=None)).code == 0


def test_it_is_at_most_2_gigabytes_unpacked(image: Image) -> None:
    (described,) = json.loads(image.engine.run("image", "inspect", image.tag).stdout)
    assert described["Size"] <= 2.0 * GIGABYTE


@pytest.mark.parametrize("name", sorted(files(Source.read())))
def test_the_manifests_in_the_image_are_those_of_this_version(image: Image, name: str) -> None:
    options = [*image.locked_down(), "--entrypoint", "cat"]
    assert json.loads(image.run(f"/{name}", options=options).stdout) == files(Source.read())[name]


def test_labels_and_environment_are_those_of_this_version(image: Image) -> None:
    config = json.loads(image.engine.run("image", "inspect", image.tag).stdout)[0]["Config"]
    assert labels(Source.read()).items() <= config["Labels"].items()
    assert ENVIRONMENT.items() <= dict(entry.split("=", 1) for entry in config["Env"]).items()
    assert config["Entrypoint"] == ["/var/holoscan/tools"]


def test_show_env_and_help_answer_without_a_run(image: Image) -> None:
    decoder = json.JSONDecoder()
    shown = image.run("show").stdout
    first, end = decoder.raw_decode(shown)
    second, _ = decoder.raw_decode(shown[end:].lstrip())
    assert (first["sdk"], second["platformConfig"]) == ("monai-deploy", "cpu")
    assert json.loads(image.run("show", "pkg").stdout) == second
    assert image.run("show", "nothing").code == 2
    assert "HOLOSCAN_INPUT_PATH=/var/holoscan/input" in image.run("env").stdout.splitlines()
    assert "extract" in image.run("help").stdout
    assert "exit codes" in image.run("run", "--help").stdout
    assert image.run("info", "--json").code == 0


def test_extract_copies_application_manifests_models_and_documents(image: Image) -> None:
    out = image.output()
    options = [*image.locked_down(), *image.mount(out, "/var/run/holoscan/export", "rw")]
    assert image.run("extract", options=options, out=out).code == 0
    for name in ("app/app/cli.py", "config/app.json", "models/liver_segmentation/card.json", "docs/sbom.cdx.json"):
        assert (out / name).is_file()
    assert image.run("extract").code == 6  # nothing is mounted there


def test_tools_of_build_and_training_are_not_in_the_image(image: Image) -> None:
    probe = (
        f"import importlib.util as u, shutil; found = [n for n in {NO_MODULES} if u.find_spec(n)];"
        f"print(found + [c for c in {NO_COMMANDS} if shutil.which(c)])"
    )
    assert image.run("-c", probe, options=[*image.locked_down(), "--entrypoint", "python"]).stdout.strip() == "[]"


def test_the_image_has_no_setuid_or_setgid_files(image: Image) -> None:
    options = ["--network", "none", "--entrypoint", "find"]
    assert image.run("/", "-xdev", "-type", "f", "-perm", "/6000", options=options).stdout == ""


def test_the_bill_of_materials_lists_packages_models_and_checksums(image: Image) -> None:
    text = image.run("/opt/holoscan/docs/sbom.cdx.json", options=[*image.locked_down(), "--entrypoint", "cat"]).stdout
    bill = json.loads(text)
    named = {component["name"]: component for component in bill["components"]}
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.5")
    assert {"liver-segmentation", "openvino", "pydicom", "libc6", "CPython"} <= set(named)
    assert len(named["openvino"]["hashes"][0]["content"]) == 64
