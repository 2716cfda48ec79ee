"""What runs at a commit or a push is what CI runs, by the same make targets."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
CONFIGURATION = ROOT / ".pre-commit-config.yaml"
REPOSITORIES = yaml.safe_load(CONFIGURATION.read_text(encoding="utf-8"))["repos"]
HOOKS = [hook for repository in REPOSITORIES for hook in repository["hooks"]]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
IN_CI = set(re.findall(r"^make (.+)$", (ROOT / ".ci/run").read_text(encoding="utf-8"), re.MULTILINE))


def test_pre_commit_accepts_the_configuration() -> None:
    command = [sys.executable, "-m", "pre_commit", "validate-config", str(CONFIGURATION)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_nothing_is_downloaded() -> None:
    assert {repository["repo"] for repository in REPOSITORIES} == {"local"}
    assert {hook["language"] for hook in HOOKS} == {"system"}


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook["id"])
def test_a_hook_calls_a_make_target(hook: dict[str, Any]) -> None:
    program, target = shlex.split(hook["entry"])
    assert program == "make"
    assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE)
    assert hook["pass_filenames"] is False


def test_ci_runs_every_hook_or_all_tests_instead_of_the_quick_ones() -> None:
    targets = {target for line in IN_CI for target in line.split()}
    assert {hook["entry"].removeprefix("make ") for hook in HOOKS} == {"lint", "types", "quick"}
    assert {"lint", "types", "test"} <= targets


def test_the_quick_tests_are_tests_that_are_there() -> None:
    command = [shutil.which("make") or "make", "-n", "-C", str(ROOT), "quick"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    named = re.findall(r" (tests/\S+)", shown)
    assert "tests/test_layers.py" in named
    assert all((ROOT / name).exists() for name in named)
