"""Manifests, labels, recipes and locks agree with the version, app.yaml and the requirements."""

from __future__ import annotations

import ast
import json
import re
from importlib.metadata import Distribution
from pathlib import Path

import pytest

from container.bill_of_materials import Component, bill, debian_packages, licence_list, python_packages
from container.lock import canonical, entries, pinned, updated
from container.manifests import app_manifest, files, labels, with_generated_lines, with_version
from container.slim import left_out, link_copies
from container.source import ENVIRONMENT, Source
from liver_mre import __version__

ROOT = Path(__file__).resolve().parents[2]
SOURCE = Source.read()


def test_the_dockerfile_and_app_yaml_are_up_to_date() -> None:
    for name, brought in (("Dockerfile", with_generated_lines), ("app.yaml", with_version)):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert brought(text, SOURCE) == text, "run `make manifests`"


def test_one_version_is_everywhere() -> None:
    assert app_manifest(SOURCE)["version"] == labels(SOURCE)["org.opencontainers.image.version"] == __version__
    assert {content["version"] for name, content in files(SOURCE).items() if "version" in content} == {__version__}
    for path in (ROOT / "deploy").rglob("*"):
        if path.is_file():
            assert set(re.findall(r"liver-mre:(\d+\.\d+\.\d+)", path.read_text(encoding="utf-8"))) <= {__version__}


def test_the_manifests_are_as_the_specification_asks() -> None:
    app, package = files(SOURCE)["etc/holoscan/app.json"], files(SOURCE)["etc/holoscan/pkg.json"]
    assert json.loads(app["command"]) == ["/var/holoscan/tools", "run"]
    assert (app["sdk"], app["liveness"], app["readiness"]) == ("monai-deploy", None, None)
    assert (app["input"]["path"], app["output"]["path"]) == ("/var/holoscan/input", "/var/holoscan/output")
    assert package["models"]["liver-segmentation"] == "/opt/holoscan/models/liver_segmentation"
    assert package["resources"]["memory"] == "2Gi"
    paths = [value for name, value in ENVIRONMENT.items() if name.endswith(("_PATH", "_WORKDIR", "_APPLICATION"))]
    assert all(value.startswith("/") for value in paths)


@pytest.mark.parametrize("published", [False, True])
def test_the_package_lists_the_quality_model_where_there_is_one(*, published: bool, tmp_path: Path) -> None:
    for name in ("app.yaml", "container/requirements.lock", "liver_mre/about.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text((ROOT / name).read_text(encoding="utf-8"), encoding="utf-8")
    names = ["liver-segmentation", *(["quality-control"] if published else [])]
    for name in names:
        folder = tmp_path / "models" / name.replace("-", "_")
        folder.mkdir(parents=True)
        (folder / "card.json").write_text(json.dumps({"name": name}), encoding="utf-8")
    listed = files(Source.read(tmp_path))["etc/holoscan/pkg.json"]["models"]
    assert listed == {name: f"/opt/holoscan/models/{name.replace('-', '_')}" for name in names}
    # The setting names the folder even if there is no model.
    assert ENVIRONMENT["LIVER_MRE_QUALITY_DIR"] == "/opt/holoscan/models/quality_control"


def project_modules(path: Path) -> set[Path]:
    """Return the files of this repository that a file imports at module level."""
    found: set[Path] = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom) and node.module:
            place = ROOT.joinpath(*node.module.split("."))
            parts = [place / alias.name for alias in node.names]
            places = [place, *place.parents[: len(node.module.split(".")) - 1], *parts]
            found |= {file for one in places for file in (one.with_suffix(".py"), one / "__init__.py")}
    return {file for file in found if file.is_file()}


def test_the_build_stage_that_exports_the_models_has_all_imported_files() -> None:
    stage = (ROOT / "Dockerfile").read_text(encoding="utf-8").split("AS model")[1].split("FROM")[0]
    lines = re.findall(r"^COPY ((?:models|training|liver_mre).*) \S+$", stage, re.MULTILINE)
    copied = [ROOT / path for line in lines for path in line.split()]
    todo, seen = [ROOT / "models/export.py"], set()
    while todo:
        file = todo.pop()
        seen.add(file)
        todo += project_modules(file) - seen
    missing = [file for file in seen if not any(file.is_relative_to(place) for place in copied)]
    assert len(seen) > 5
    assert missing == []


def test_the_workflow_managers_command_has_no_commas_because_it_splits_at_them() -> None:
    (task,) = [
        task
        for task in json.loads((ROOT / "deploy/monai-deploy/workflow-docker.json").read_text(encoding="utf-8"))["tasks"]
        if task["type"] == "docker"
    ]
    assert task["args"]["entrypoint"].split(",") == ["/bin/bash", "-c"]
    assert "," not in task["args"]["command"]


def test_every_requirement_is_locked_at_its_version() -> None:
    lock = entries((ROOT / "container" / "requirements.lock").read_text(encoding="utf-8"))
    versions = {canonical(name): version for name, (version, _) in lock.items()}
    assert pinned(ROOT / "requirements.txt").items() <= versions.items(), "run `make lock`"


@pytest.mark.parametrize("name", sorted(path.name for path in (ROOT / "container").glob("*.lock")))
def test_locked_versions_are_those_that_are_tested(name: str) -> None:
    tested = pinned(ROOT / "constraints.txt")
    for package, (version, checksums) in entries((ROOT / "container" / name).read_text(encoding="utf-8")).items():
        locked = version.split("+")[0]
        assert tested.get(canonical(package), locked) == locked, "run `make lock`"
        assert all(checksum.strip("0") for checksum in checksums)


def test_a_lock_keeps_comments_order_and_checksums_of_other_wheels(monkeypatch: pytest.MonkeyPatch) -> None:
    old, new, other = "a" * 64, "b" * 64, "c" * 64
    text = f"# Why.\nOne_Package==1.0 --hash=sha256:{old}\ntwo==1.0 --hash=sha256:{old} --hash=sha256:{other}\n"
    monkeypatch.setattr("container.lock.resolved", lambda *_: {"one-package": new, "two": old})
    brought = updated(text, {"one-package": "1.1"})
    assert brought == (
        f"# Why.\nOne_Package==1.1 --hash=sha256:{new}\ntwo==1.0 --hash=sha256:{old} --hash=sha256:{other}\n"
    )


@pytest.mark.parametrize(
    ("path", "gone"),
    [
        ("pip", True),
        ("pip-24.0.dist-info", True),
        ("numpy/linalg/tests", True),
        ("numpy/linalg/_umath_linalg.so", False),
        ("openvino/libs/libopenvino_intel_gpu_plugin.so", True),
        ("openvino/libs/libopenvino_intel_cpu_plugin.so", False),
        ("holoscan/lib/libholoscan_op_v4l2.so.4", True),
        ("holoscan/lib/libholoscan_core.so.4", False),
        ("monai/deploy/core", False),
        ("pydicom/tests.py", False),
        ("highdicom/setuptools", False),
    ],
)
def test_only_what_is_listed_is_left_out(path: str, gone: bool) -> None:  # noqa: FBT001
    assert left_out(Path(path)) is gone


def test_a_library_under_several_names_is_one_file(tmp_path: Path) -> None:
    for name, content in (("libx.so", b"x"), ("libx.so.1", b"x"), ("libx.so.1.2", b"x"), ("liby.so", b"y")):
        (tmp_path / name).write_bytes(content)
    link_copies(tmp_path)
    assert [path.name for path in sorted(tmp_path.iterdir()) if not path.is_symlink()] == ["libx.so.1.2", "liby.so"]
    assert (tmp_path / "libx.so").read_bytes() == (tmp_path / "libx.so.1").read_bytes() == b"x"


def test_the_bill_of_materials_depends_on_its_parts_only(tmp_path: Path) -> None:
    folder = tmp_path / "Some_Package-1.0.dist-info"
    folder.mkdir()
    header = "Metadata-Version: 2.1\nName: Some_Package\nVersion: 1.0\n"
    header += "Classifier: License :: OSI Approved :: MIT License\n"
    (folder / "METADATA").write_text(header, encoding="utf-8")
    (component,) = python_packages(tmp_path, {"some-package": "d" * 64})
    assert component == Component(
        "library", "Some_Package", "1.0", "MIT License", "pkg:pypi/some-package@1.0", "d" * 64
    )
    assert bill(SOURCE, [component]) == bill(SOURCE, [component])
    assert bill(SOURCE, [component])["serialNumber"] != bill(SOURCE, [])["serialNumber"]
    assert "| Some_Package | 1.0 | MIT License |" in licence_list([component])
    assert Distribution.at(folder).version == "1.0"


def test_debian_packages_are_those_that_are_installed(tmp_path: Path) -> None:
    (tmp_path / "libx").mkdir()
    (tmp_path / "libx" / "copyright").write_text("License: GPL-2+\n text\n\nLicense: MIT\n", encoding="utf-8")
    status = (
        "Package: libx\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1:2.0+b1\n\n"
        "Package: gone\nStatus: deinstall ok config-files\nArchitecture: amd64\nVersion: 1\n"
    )
    (component,) = debian_packages(status, tmp_path)
    assert component.licence == "GPL-2+, MIT"
    assert component.purl == "pkg:deb/debian/libx@1%3A2.0%2Bb1?arch=amd64"
