"""Every recipe in deploy/, tried on the image as its platform calls it: paths, user, mounts, entry point, variables."""

from __future__ import annotations

import configparser
import json
import re
import shlex
import shutil
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pydicom
import pytest
import yaml

from container.manifests import Source
from tests.container.conftest import ALL, readable

if TYPE_CHECKING:
    from tests.container.conftest import Finished, Image

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
IMAGE = f"liver-mre:{Source.read().version}"


def recipe(name: str) -> Any:  # noqa: ANN401  (JSON or YAML)
    text = (DEPLOY / name).read_text(encoding="utf-8")
    return json.loads(text) if name.endswith(".json") else yaml.safe_load(text)


def assert_measured(finished: Finished) -> None:
    """Check that the study was measured, and its SEG, SR and overlay are there."""
    assert finished.code == 0, finished.stderr
    (study,) = finished.result["studies"]
    assert study["status"] == "measured"
    assert {path.suffix for path in (finished.out / study["study_instance_uid"]).iterdir()} >= {".dcm"}
    assert not finished.left_behind


def given_to(out: Path, user: str) -> Path:
    """Make an output folder one that every user may write, whoever `user` is."""
    assert re.fullmatch(r"\d+:\d+", user)
    out.chmod(ALL)
    return out


def replaced_entry(command: list[str]) -> tuple[list[str], list[str]]:
    """Return an engine's options and arguments for a command that takes the place of the image's entry point."""
    return ["--entrypoint", command[0]], command[1:]


# MONAI Deploy and AIDE


def test_monai_deploy_docker_plug_in(image: Image, study: Path) -> None:
    tasks = {task["id"]: task for task in recipe("monai-deploy/workflow-docker.json")["tasks"]}
    args = tasks["liver-mre"]["args"]
    assert args["container_image"] == IMAGE
    out = given_to(image.output(), args["user"])
    variables = {key.removeprefix("env_"): value for key, value in args.items() if key.startswith("env_")}
    environment = [part for key, value in variables.items() for part in ("-e", f"{key}={value}")]
    entry, rest = replaced_entry([*args["entrypoint"].split(","), *args["command"].split(",")])
    mounts = [
        *image.mount(study, variables["HOLOSCAN_INPUT_PATH"]),
        *image.mount(out, variables["HOLOSCAN_OUTPUT_PATH"], "rw"),
    ]
    options = ["--network", "none", "--user", args["user"], *environment, *mounts, *entry]
    assert_measured(image.run(*rest, options=options, out=out))
    artifacts = tasks["liver-mre"]["artifacts"]
    assert {entry["name"] for entry in artifacts["input"] + artifacts["output"]} <= set(args)
    metadata = json.loads((out / "metadata.json").read_text(encoding="utf-8"))
    (condition,) = tasks["liver-mre"]["task_destinations"][0]["conditions"]
    key, wanted = re.findall(r"'(\w+)'", condition)
    assert metadata[key] == wanted == "completed"


def test_monai_deploy_sees_a_failure_though_an_exited_container_is_a_success_to_it(image: Image, copied: Path) -> None:
    for path in copied.iterdir():
        path.write_bytes(path.read_bytes()[:2000])
    finished = image.run("--quiet", study=copied)
    metadata = json.loads((finished.out / "metadata.json").read_text(encoding="utf-8"))
    assert (metadata["status"], metadata["exit_code"]) == ("failed", finished.code)
    assert finished.code in {3, 4}


def pod(image: Image, spec: dict[str, Any], paths: dict[str, Path], user: dict[str, Any] | None = None) -> Finished:
    """Run a container as Kubernetes does from its part of a manifest; `paths` stand for what is mounted."""
    assert spec["image"] == IMAGE
    security = spec["securityContext"] | (user or {})
    limits = spec["resources"]["limits"]
    memory = limits["memory"].removesuffix("i").lower()
    options = ["--network", "none", "--user", f"{security['runAsUser']}:{security['runAsGroup']}"]
    options += ["--memory", memory, "--memory-swap", memory, "--cpus", limits["cpu"]]
    options += ["--read-only"] * security["readOnlyRootFilesystem"]
    options += ["--security-opt", "no-new-privileges"] * (not security["allowPrivilegeEscalation"])
    options += [part for name in security["capabilities"]["drop"] for part in ("--cap-drop", name.lower())]
    for mount in spec["volumeMounts"]:
        path = mount["mountPath"]
        if path in paths:
            options += image.mount(paths[path], path, "ro" if mount.get("readOnly") else "rw")
        else:
            options += ["--tmpfs", f"{path}:rw,mode=1777"]
    arguments = list(spec.get("args", []))
    if "command" in spec:
        entry, rest = replaced_entry(spec["command"])
        options, arguments = options + entry, rest + arguments
    return image.run(*arguments, options=options, out=paths["/var/holoscan/output"])


@pytest.fixture
def claims(image: Image, study: Path) -> dict[str, Path]:
    return {"/var/holoscan/input": study, "/var/holoscan/output": image.output()}


def test_monai_deploy_and_aide_on_argo(image: Image, claims: dict[str, Path]) -> None:
    (template,) = recipe("monai-deploy/argo-template.yaml")["spec"]["templates"]
    inputs, outputs = template["inputs"]["artifacts"], template["outputs"]["artifacts"]
    assert [inputs[0]["path"], outputs[0]["path"]] == list(claims)
    spec = template["container"]
    spec["volumeMounts"].append({"name": "input-artifact", "mountPath": inputs[0]["path"]})  # Argo mounts them itself
    assert_measured(pod(image, spec, claims))
    for workflow in ("monai-deploy/workflow-argo.json", "aide/workflow.json"):
        task = recipe(workflow)["tasks"][0]
        assert task["args"]["workflow_template_name"] == "liver-mre"
        assert task["artifacts"]["input"][0]["name"] == inputs[0]["name"]
        assert task["artifacts"]["output"][0]["name"] == outputs[0]["name"]


def test_aide_is_told_the_name_the_version_and_that_it_is_research() -> None:
    review = next(task for task in recipe("aide/workflow.json")["tasks"] if task["id"] == "review")["args"]
    assert f"{review['application_name']}:{review['application_version']}" == IMAGE
    assert review["mode"] == "Research"


# Kubernetes


def test_kubernetes_job(image: Image, claims: dict[str, Path]) -> None:
    spec = recipe("kubernetes/job.yaml")["spec"]["template"]["spec"]
    (container,) = spec["containers"]
    assert_measured(pod(image, container, claims, spec["securityContext"]))


def test_argo_workflow(image: Image, claims: dict[str, Path]) -> None:
    spec = recipe("kubernetes/argo-workflow.yaml")["spec"]
    (template,) = spec["templates"]
    assert_measured(pod(image, template["container"], claims, spec["securityContext"]))


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
    source, target = "/tmp/data", "/tmp/output"  # noqa: S108  (in the container, as Mercure has them)
    options += ["--user", "1001:1001", "-e", f"MERCURE_IN_DIR={source}", "-e", f"MERCURE_OUT_DIR={target}"]
    options += [*image.mount(folder, source, "rw"), *image.mount(out, target, "rw")]
    finished = image.run(options=options, out=out)
    assert_measured(finished)
    assert list(out.glob("*/preview.png"))  # as the settings in task.json ask
    assert image.run("/etc/monai/app.json", options=["--entrypoint", "ls"]).code  # Mercure would take over its command


# Kaapana


def batch_element(folder: Path, study: Path, *, elastography: bool) -> Path:
    """Put the study, or all of it but elastography, where Kaapana has the input of one element."""
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
    """On Kubernetes a template's command takes the place of the entry point; with Docker it follows it."""
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


# Docker compose and podman quadlet


def test_docker_compose(image: Image, study: Path) -> None:
    service = recipe("compose/compose.yaml")["services"]["liver-mre"]
    assert service["image"] == IMAGE
    out = image.output()
    folders = {"./input": study, "./output": out}
    user = re.sub(r"\$\{\w+:-(\d+)\}", r"\1", service["user"])
    options = ["--user", user, "--network", service["network_mode"], "--memory", service["mem_limit"]]
    options += ["--cpus", str(service["cpus"]), "--pids-limit", str(service["pids_limit"])]
    options += ["--read-only"] * service["read_only"]
    options += [part for name in service["cap_drop"] for part in ("--cap-drop", name.lower())]
    options += [part for name in service["security_opt"] for part in ("--security-opt", name.removesuffix(":true"))]
    options += [part for name in service["tmpfs"] for part in ("--tmpfs", name)]
    for volume in service["volumes"]:
        source, target, mode = volume.split(":")
        options += image.mount(folders[source], target, mode)
    assert_measured(image.run("--preview", options=options, out=out))


def test_podman_quadlet(image: Image, study: Path) -> None:
    unit = configparser.RawConfigParser(strict=False, dict_type=Repeated)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(DEPLOY / "quadlet" / "liver-mre.container")
    section = {key: str(value).split("\n") for key, value in unit.items("Container")}
    assert section["Image"] == [IMAGE]
    out = image.output()
    folders = {"/srv/liver-mre/input": study, "/srv/liver-mre/output": out}
    options = ["--user", f"{section['User'][0]}:{section['Group'][0]}", "--network", section["Network"][0]]
    options += ["--cap-drop", section["DropCapability"][0], "--tmpfs", section["Tmpfs"][0]]
    options += ["--read-only"] * (section["ReadOnly"] == ["true"])
    options += ["--security-opt", "no-new-privileges"] * (section["NoNewPrivileges"] == ["true"])
    options += shlex.split(section["PodmanArgs"][0])
    for volume in section["Volume"]:
        source, target, mode = volume.split(":")
        options += image.mount(folders[source], target, mode)
    assert_measured(image.run(options=options, out=out))


class Repeated(dict[str, Any]):
    """Keeps all values of a key that a unit file repeats."""

    def __setitem__(self, key: str, value: Any) -> None:  # noqa: ANN401
        if isinstance(value, list) and isinstance(self.get(key), list):
            self[key].extend(value)
        else:
            super().__setitem__(key, value)


def test_every_recipe_has_a_page_and_the_pages_are_listed() -> None:
    listed = (DEPLOY / "README.md").read_text(encoding="utf-8")
    for folder in (path for path in DEPLOY.iterdir() if path.is_dir()):
        assert (folder / "README.md").is_file()
        assert f"({folder.name}/README.md)" in listed
