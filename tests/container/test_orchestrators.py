"""Recipes of MONAI Deploy, AIDE, Kubernetes, Argo, compose and quadlet: the image is called as each of them does."""

from __future__ import annotations

import configparser
import json
import re
import shlex
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from tests.container.conftest import readable
from tests.container.recipes import (
    DEPLOY,
    IMAGE,
    SETTINGS,
    SITE,
    assert_measured,
    recipe,
    replaced_entry,
    with_variables,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.container.conftest import Finished, Image


# MONAI Deploy and AIDE


def test_monai_deploy_docker_plug_in(image: Image, study: Path) -> None:
    tasks = {task["id"]: task for task in recipe("monai-deploy/workflow-docker.json")["tasks"]}
    args = tasks["liver-mre"]["args"]
    assert args["container_image"] == IMAGE
    assert re.fullmatch(r"\d+:\d+", args["user"])
    out = image.output()
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


def test_monai_deploy_sees_a_failure_in_metadata_json_because_it_ignores_exit_codes(image: Image, copied: Path) -> None:
    for path in copied.iterdir():
        path.write_bytes(path.read_bytes()[:2000])
    finished = image.run("--quiet", study=copied)
    metadata = json.loads((finished.out / "metadata.json").read_text(encoding="utf-8"))
    assert (metadata["status"], metadata["exit_code"]) == ("failed", finished.code)
    assert finished.code in {3, 4}


def pod(image: Image, spec: dict[str, Any], paths: dict[str, Path], user: dict[str, Any] | None = None) -> Finished:
    """Run a container as Kubernetes does from its part of a manifest; `paths` are mounted folders by mount path."""
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
def site(image: Image) -> Path:
    """Return the folder of a site's settings as it is shipped, readable by every user."""
    folder = image.folder / "site"
    shutil.copytree(DEPLOY / "site", folder, dirs_exist_ok=True)
    readable(folder)
    return folder


@pytest.fixture
def claims(image: Image, study: Path, site: Path) -> dict[str, Path]:
    folders = {"/var/holoscan/input": study, "/var/holoscan/output": image.output()}
    return folders | {SETTINGS: site / "app.yaml", SITE: site}


def test_monai_deploy_and_aide_on_argo(image: Image, claims: dict[str, Path]) -> None:
    (template,) = recipe("monai-deploy/argo-template.yaml")["spec"]["templates"]
    inputs, outputs = template["inputs"]["artifacts"], template["outputs"]["artifacts"]
    assert [inputs[0]["path"], outputs[0]["path"]] == list(claims)[:2]
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


# Docker compose and podman quadlet


def test_docker_compose(image: Image, study: Path, site: Path) -> None:
    service = recipe("compose/compose.yaml")["services"]["liver-mre"]
    assert service["image"] == IMAGE
    out = image.output()
    folders = {"./input": study, "./output": out, "../site": site, "../site/app.yaml": site / "app.yaml"}
    options = ["--user", with_variables(service["user"], {}), "--network", service["network_mode"]]
    options += ["--memory", service["mem_limit"]]
    options += ["--cpus", str(service["cpus"]), "--pids-limit", str(service["pids_limit"])]
    options += ["--read-only"] * service["read_only"]
    options += [part for name in service["cap_drop"] for part in ("--cap-drop", name.lower())]
    options += [part for name in service["security_opt"] for part in ("--security-opt", name.removesuffix(":true"))]
    options += [part for name in service["tmpfs"] for part in ("--tmpfs", name)]
    for volume in service["volumes"]:
        source, target, mode = volume.split(":")
        options += image.mount(folders[source], target, mode)
    assert_measured(image.run("--preview", options=options, out=out))


def test_podman_quadlet(image: Image, study: Path, site: Path) -> None:
    unit = configparser.RawConfigParser(strict=False, dict_type=Repeated)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(DEPLOY / "quadlet" / "liver-mre.container")
    section = {key: str(value).split("\n") for key, value in unit.items("Container")}
    assert section["Image"] == [IMAGE]
    out = image.output()
    host = "/srv/liver-mre"
    folders = {f"{host}/input": study, f"{host}/output": out}
    folders |= {f"{host}/site": site, f"{host}/site/app.yaml": site / "app.yaml"}
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
    """Keeps all values of a repeated key of a unit file."""

    def __setitem__(self, key: str, value: Any) -> None:
        if isinstance(value, list) and isinstance(self.get(key), list):
            self[key].extend(value)
        else:
            super().__setitem__(key, value)


def test_every_recipe_has_a_page_and_the_pages_are_listed() -> None:
    listed = (DEPLOY / "README.md").read_text(encoding="utf-8")
    for folder in (path for path in DEPLOY.iterdir() if path.is_dir()):
        assert (folder / "README.md").is_file()
        assert f"({folder.name}/README.md)" in listed
