"""Recipes of Mercure, Kaapana, XNAT and Flywheel: the image is called as each of them does."""

from __future__ import annotations

import json
import shlex
import shutil
import zipfile
from typing import TYPE_CHECKING

import pydicom
import pytest

from tests.container.conftest import ALL, readable
from tests.container.recipes import DEPLOY, IMAGE, assert_measured, recipe, replaced_entry

if TYPE_CHECKING:
    from pathlib import Path

    from tests.container.conftest import Image


# Mercure


def test_mercure(image: Image, study: Path, tmp_path: Path) -> None:
    module = recipe("mercure/module.json")["liver-mre"]
    assert (module["docker_tag"], module["requires_root"]) == (IMAGE, False)
    folder = tmp_path / "in"
    folder.mkdir()
    for path in study.iterdir():
        header = pydicom.dcmread(path, stop_before_pixels=True)
        name = f"{header.SeriesInstanceUID}#{header.SOPInstanceUID}"
        shutil.copy(path, folder / f"{name}.dcm")
        (folder / f"{name}.tags").write_text("{}", encoding="utf-8")
    task = {"id": "1", "process": {"module_name": "liver-mre", "settings": module["settings"]}}
    (folder / "task.json").write_text(json.dumps(task), encoding="utf-8")
    readable(tmp_path)
    out = image.output()
    more = json.loads(module["docker_arguments"])
    tmpfs = [part for path, choice in more["tmpfs"].items() for part in ("--tmpfs", f"{path}:{choice}")]
    options = ["--network", more["network_mode"], "--memory", more["mem_limit"], "--cap-drop", "all", *tmpfs]
    options += ["--read-only"] * more["read_only"]
    for path, volume in json.loads(module["additional_volumes"]).items():
        options += image.mount(DEPLOY / path.removeprefix("/srv/liver-mre/"), volume["bind"], volume["mode"])
    source, target = "/tmp/data", "/tmp/output"  # noqa: S108  (in the container, as Mercure has them)
    options += ["--user", "1001:1001", "-e", f"MERCURE_IN_DIR={source}", "-e", f"MERCURE_OUT_DIR={target}"]
    options += [*image.mount(folder, source, "rw"), *image.mount(out, target, "rw")]
    finished = image.run(options=options, out=out)
    assert_measured(finished)
    assert list(out.glob("*/preview.png"))  # as the settings in task.json ask
    assert image.run("/etc/monai/app.json", options=["--entrypoint", "ls"]).code  # Mercure would take over its command


# Kaapana


def batch_element(folder: Path, study: Path, *, elastography: bool) -> Path:
    """Copy the study, with or without elastography, to the input folder of a batch element."""
    source = folder / "get-input-data"
    source.mkdir(parents=True)
    for path in study.iterdir():
        description = pydicom.dcmread(path, specific_tags=["SeriesDescription"]).SeriesDescription
        if elastography or "MRE" not in description:
            shutil.copy(path, source)
    return folder


@pytest.mark.parametrize(("elements", "code"), [((True, False), 0), ((False,), 126)])
def test_kaapana_batch(image: Image, study: Path, elements: tuple[bool, ...], code: int) -> None:
    workflow = image.output()
    for number, elastography in enumerate(elements):
        batch_element(workflow / "batch" / f"element-{number}", study, elastography=elastography)
    for path in (workflow, *workflow.rglob("*")):
        path.chmod(ALL if path.is_dir() else 0o644)
    variables = {
        "WORKFLOW_DIR": "/kaapana/mounted/data/run-1",
        "BATCH_NAME": "batch",
        "OPERATOR_IN_DIR": "get-input-data",
        "OPERATOR_OUT_DIR": "liver-mre",
    }
    environment = [part for key, value in variables.items() for part in ("-e", f"{key}={value}")]
    mounts = image.mount(workflow, variables["WORKFLOW_DIR"], "rw")
    finished = image.run(options=[*image.locked_down(), *environment, *mounts], out=workflow)
    assert finished.code == code, finished.stderr
    for number, elastography in enumerate(elements):
        out = workflow / "batch" / f"element-{number}" / "liver-mre"
        result = json.loads((out / "result.json").read_text(encoding="utf-8"))
        assert result["status"] == ("completed" if elastography else "nothing_to_do")


@pytest.mark.parametrize("replaced", [True, False], ids=["kubernetes", "docker"])
def test_kaapana_task_api(image: Image, study: Path, *, replaced: bool) -> None:
    """On Kubernetes a template's command replaces the entry point; with Docker it follows it."""
    shown = image.run("/processing-container.json", options=["--entrypoint", "cat"]).stdout
    (template,) = json.loads(shown)["templates"]
    out = image.output()
    options = [part for entry in template["env"] for part in ("-e", f"{entry['name']}={entry['value']}")]
    options += image.mount(study, template["inputs"][0]["mounted_path"])
    options += image.mount(out, template["outputs"][0]["mounted_path"], "rw")
    entry, rest = replaced_entry(template["command"]) if replaced else ([], template["command"])
    assert_measured(image.run(*rest, options=[*options, *entry], out=out))
    dag = (DEPLOY / "kaapana" / "dag_liver_mre.py").read_text(encoding="utf-8")
    assert f"/{IMAGE}" in dag
    assert f'taskTemplate="{template["identifier"]}"' in dag


# XNAT and Flywheel


def test_xnat(image: Image, study: Path) -> None:
    config = json.loads(image.engine.run("image", "inspect", image.tag).stdout)[0]["Config"]
    (command,) = json.loads(config["Labels"]["org.nrg.commands"])
    out = image.output()
    values = {entry["replacement-key"]: entry["default-value"] for entry in command["inputs"]}
    environment = [
        part for key, name in command["environment-variables"].items() for part in ("-e", f"{key}={values[name]}")
    ]
    folders = {"in": study, "out": out}
    mounts = [
        part
        for mount in command["mounts"]
        for part in image.mount(folders[mount["name"]], mount["path"], "rw" if mount["writable"] else "ro")
    ]
    assert command["override-entrypoint"]
    options = [*environment, *mounts, "--entrypoint", "/bin/sh"]
    assert_measured(image.run("-c", command["command-line"], options=options, out=out))


def test_flywheel(image: Image, study: Path, tmp_path: Path) -> None:
    shown = image.run("/flywheel/v0/manifest.json", options=["--entrypoint", "cat"]).stdout
    manifest = json.loads(shown)
    assert manifest["custom"]["gear-builder"]["image"] == IMAGE
    folder = tmp_path / "input" / "dicom"
    folder.mkdir(parents=True)
    with zipfile.ZipFile(folder / "session.dicom.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in study.iterdir():
            archive.write(path, f"scan/{path.name}")
    config = {key: entry["default"] for key, entry in manifest["config"].items()} | {"preview": True}
    (tmp_path / "config.json").write_text(json.dumps({"config": config, "inputs": {}}), encoding="utf-8")
    readable(tmp_path)
    out = image.output()
    environment = " ".join(shlex.quote(f"{key}={value}") for key, value in manifest["environment"].items())
    options = [*image.mount(tmp_path / "input", "/flywheel/v0/input"), *image.mount(out, "/flywheel/v0/output", "rw")]
    options += [*image.mount(tmp_path / "config.json", "/flywheel/v0/config.json"), "--workdir", "/flywheel/v0"]
    arguments = ["-c", f"env -i {environment} {manifest['command']}"]
    finished = image.run(*arguments, options=[*options, "--entrypoint", "/bin/bash"], out=out)
    assert_measured(finished)
    assert list(out.glob("*/preview.png"))
