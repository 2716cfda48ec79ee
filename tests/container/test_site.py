"""A site's own settings, profiles and rules reach the application by every recipe."""

from __future__ import annotations

import configparser
import json
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from liver_mre.measurement.profile_file import load_profile
from liver_mre.series.scanner_rules_file import load_scanner_rules
from liver_mre.settings import Settings, load_settings
from tests.container.conftest import readable
from tests.container.recipes import DEPLOY, IMAGE, SITE, at_site, recipe, with_variables

if TYPE_CHECKING:
    from tests.container.conftest import Image

ROOT = DEPLOY.parent
MOUNTED = {"/var/holoscan/app.yaml", "/var/holoscan/site"}
SHELL_ONLY = {"UID", "GID", "EUID", "HOSTNAME", "GROUPS"}
"""Variables of a shell that the programs it starts never see."""


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """Return a site's folder that uses everything the shipped one names: settings, a profile and scanner rules."""
    site = tmp_path / "site"
    shutil.copytree(DEPLOY / "site", site)
    lines = (site / "app.yaml").read_text(encoding="utf-8")
    used = re.sub(r"^  # (\w+: )", r"  \1", lines, flags=re.MULTILINE)
    (site / "app.yaml").write_text(used.replace("resoundant_2019", "own"), encoding="utf-8")
    profile = json.loads((ROOT / "liver_mre/data/staging/wu_2015.json").read_text(encoding="utf-8"))
    (site / "profiles").mkdir()
    (site / "profiles" / "own.json").write_text(json.dumps(profile | {"name": "own"}), encoding="utf-8")
    (site / "scanner_rules.json").write_text('{"definitions": {}, "roles": [], "units": []}', encoding="utf-8")
    for parent in (tmp_path, tmp_path.parent):
        parent.chmod(0o755)
    readable(site)
    return site


def test_the_shipped_folder_changes_nothing() -> None:
    assert load_settings(DEPLOY / "site/app.yaml", {}) == Settings()


def test_everything_that_the_shipped_folder_names_can_be_used(own: Path) -> None:
    text = (own / "app.yaml").read_text(encoding="utf-8")
    assert "#" not in text.split("settings:")[1]
    (own / "app.yaml").write_text(text.replace(SITE, str(own)), encoding="utf-8")
    settings = load_settings(own / "app.yaml", {})
    assert settings.profiles_dir == own / "profiles"
    assert load_profile(settings.profile, settings.profiles_dir).name == "own"
    load_scanner_rules(settings.scanner_rules)


def targets(name: str) -> set[str]:
    """Return where a recipe's container mounts something."""
    if name == "compose/compose.yaml":
        return {volume.split(":")[1] for volume in recipe(name)["services"]["liver-mre"]["volumes"]}
    if name == "mercure/module.json":
        volumes = json.loads(recipe(name)["liver-mre"]["additional_volumes"])
        return {volume["bind"] for volume in volumes.values() if volume["mode"] == "ro"}
    text = (DEPLOY / name).read_text(encoding="utf-8")
    if name == "quadlet/liver-mre.container":
        return set(re.findall(r"^Volume=[^:]+:([^:]+):ro$", text, re.MULTILINE))
    return set(re.findall(r"- \{name: \w+, mountPath: ([^,}]+)", text))


@pytest.mark.parametrize(
    "name",
    [
        "compose/compose.yaml",
        "quadlet/liver-mre.container",
        "kubernetes/job.yaml",
        "kubernetes/argo-workflow.yaml",
        "monai-deploy/argo-template.yaml",
        "mercure/module.json",
    ],
)
def test_every_recipe_that_can_mount_the_sites_folder_does(name: str) -> None:
    assert targets(name) >= MOUNTED


@pytest.mark.parametrize("platform", ["xnat", "flywheel", "kaapana", "monai-deploy"])
def test_the_page_of_a_platform_that_cannot_mount_it_says_what_to_do(platform: str) -> None:
    page = (DEPLOY / platform / "README.md").read_text(encoding="utf-8")
    assert "has them in it" in page
    assert "../site/README.md" in page


def test_the_image_with_the_sites_folder_is_built_on_this_version() -> None:
    lines = (DEPLOY / "site/Dockerfile").read_text(encoding="utf-8").splitlines()
    assert f"ARG IMAGE={IMAGE}" in lines
    assert {line.split()[-1] for line in lines if line.startswith("COPY")} == MOUNTED


def test_no_recipe_reads_a_variable_that_only_a_shell_has() -> None:
    for path in (file for file in DEPLOY.rglob("*") if file.is_file() and file.suffix != ".md"):
        named = set(re.findall(r"\$\{?(\w+)", path.read_text(encoding="utf-8")))
        assert not named & SHELL_ONLY, path


@pytest.mark.parametrize(("given", "user"), [({}, "1000:1000"), ({"RUN_AS": "1234:99"}, "1234:99")])
def test_compose_runs_as_the_user_that_it_is_given(given: dict[str, str], user: str) -> None:
    assert with_variables(recipe("compose/compose.yaml")["services"]["liver-mre"]["user"], given) == user
    assert "RUN_AS=$(id -u):$(id -g)" in (DEPLOY / "compose/README.md").read_text(encoding="utf-8")


def test_the_timer_starts_the_service_of_the_quadlet() -> None:
    timer = configparser.RawConfigParser()
    timer.read(DEPLOY / "quadlet/liver-mre.timer")
    made = f"{Path(next((DEPLOY / 'quadlet').glob('*.container'))).stem}.service"
    assert timer.get("Timer", "unit") == made
    assert timer.get("Timer", "oncalendar")
    assert timer.get("Install", "wantedby") == "timers.target"


@pytest.mark.parametrize("page", sorted(DEPLOY.glob("*/README.md")), ids=lambda path: path.parent.name)
def test_every_unit_and_file_that_a_page_names_is_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    units = {f"{name}.{kind}" for name, kind in re.findall(r"\b(liver-mre)\.(timer|path|container)\b", text)}
    assert [unit for unit in units if not (page.parent / unit).exists()] == []
    for kind in ("timer", "path"):
        if re.search(rf"\b{kind} unit\b", text):
            assert (page.parent / f"liver-mre.{kind}").exists()


def test_the_sites_own_profile_and_rules_are_used(image: Image, study: Path, own: Path) -> None:
    out = image.output()
    finished = image.run(options=[*image.locked_down(), *at_site(image, own)], study=study, out=out)
    assert finished.code == 0, finished.stderr
    assert finished.result["studies"][0]["staging"]["profile"] == "own"


def test_they_are_used_from_an_image_that_has_them_in_it(image: Image, study: Path, own: Path) -> None:
    tag = f"{image.tag}-with-site"
    assert image.engine.build(own, tag, f"--build-arg=IMAGE={image.tag}") == 0
    out = image.output()
    mounts = [*image.mount(study, "/var/holoscan/input"), *image.mount(out, "/var/holoscan/output", "rw")]
    done = image.engine.run("run", "--rm", *image.locked_down(), *mounts, tag, "--quiet")
    image.engine.run("rmi", tag)
    assert done.returncode == 0, done.stderr
    result = json.loads((out / "result.json").read_text(encoding="utf-8"))
    assert result["studies"][0]["staging"]["profile"] == "own"
