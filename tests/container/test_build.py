"""The image can be built where packages come from a hospital's own index, behind its own certificates."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
INSTALL = ROOT / "container/pip-install"
SECRETS = ("--mount=type=secret,id=pip,target=/etc/pip.conf", "--mount=type=secret,id=certificates")
STAGES = [stage for stage in re.split(r"^FROM ", DOCKERFILE, flags=re.MULTILINE)[1:] if "pip-install" in stage]


def steps(stage: str) -> list[str]:
    """Return the instructions of a stage, each on one line."""
    return stage.replace("\\\n", " ").splitlines()


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.split()[2])
def test_every_stage_that_installs_takes_index_and_certificates(stage: str) -> None:
    assert {"ARG PIP_INDEX_URL", "ARG PIP_EXTRA_INDEX_URL"} <= set(steps(stage))
    (run,) = [step for step in steps(stage) if step.startswith("RUN") and "pip-install" in step]
    assert all(secret in run for secret in SECRETS)


def test_packages_are_installed_in_no_other_way() -> None:
    assert len(STAGES) == 3
    assert "pip install" not in DOCKERFILE
    assert "--no-deps --require-hashes" in INSTALL.read_text(encoding="utf-8")


def test_the_page_shows_the_secrets_that_there_are() -> None:
    page = (ROOT / "docs/deploy.md").read_text(encoding="utf-8")
    assert set(re.findall(r"--secret id=(\w+)", page)) == set(re.findall(r"type=secret,id=(\w+)", DOCKERFILE))
    assert "--build-arg PIP_INDEX_URL=" in page


def test_no_file_of_the_build_names_the_host_of_an_index() -> None:
    for path in (ROOT / "Dockerfile", ROOT / "Makefile", *(ROOT / "container").iterdir()):
        if path.is_file():
            assert not re.search(r"index-url\s*=?\s*\S*://|pypi\.org|pythonhosted", path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("there", [True, False])
def test_certificates_are_trusted_where_the_build_was_given_them(tmp_path: Path, *, there: bool) -> None:
    pip = tmp_path / "pip"
    pip.write_text('#!/bin/sh\necho "${PIP_CERT-none}" "$@"\n', encoding="utf-8")
    pip.chmod(0o755)
    certificates = tmp_path / "hospital.pem"
    if there:
        certificates.touch()
    given = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "CERTIFICATES": str(certificates)}
    said = subprocess.run([INSTALL, "-r", "some.lock"], capture_output=True, text=True, check=True, env=given).stdout
    assert said.split()[0] == (str(certificates) if there else "none")
    assert said.split()[1:] == ["install", "--no-cache-dir", "--no-deps", "--require-hashes", "-r", "some.lock"]
