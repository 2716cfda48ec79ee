"""The image's entry point hands every command of the application on to it."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from app.cli import build_parser

ROOT = Path(__file__).resolve().parent.parent
ENTRY_POINT = ROOT / "container" / "tools"
BASH = shutil.which("bash") or "bash"


def commands() -> list[str]:
    """Return the command words of the application."""
    (choices,) = [action for action in build_parser()._actions if isinstance(action, argparse._SubParsersAction)]
    return sorted(choices.choices)


def handed_on(folder: Path, *arguments: str) -> str:
    """Return with what the entry point starts Python."""
    python = folder / "python"
    python.write_text('#!/bin/sh\necho "$@"\n')
    python.chmod(0o755)
    search = {"PATH": f"{folder}:{os.environ['PATH']}"}
    return subprocess.run(
        [BASH, str(ENTRY_POINT), *arguments], env=search, capture_output=True, text=True, check=True, timeout=20
    ).stdout.strip()


@pytest.mark.parametrize("word", commands())
def test_every_command_word_reaches_the_application(word: str, tmp_path: Path) -> None:
    given = "-P -m app" if word == "run" else f"-P -c from app.cli import script; script() {word}"
    assert handed_on(tmp_path, word, "--help") == f"{given} --help"


def test_the_usage_names_every_command() -> None:
    usage = subprocess.run([BASH, str(ENTRY_POINT), "help"], capture_output=True, text=True, check=True).stdout
    assert [word for word in commands() if f"IMAGE {word} " not in usage and f"[{word}]" not in usage] == []


SHADOWED = ("numpy", "pydicom", "rich", "yaml", "logging", "argparse", "json", "liver_mre")


@pytest.fixture
def trap(tmp_path: Path) -> Path:
    """Return a folder whose modules leave a mark when they are imported."""
    folder = tmp_path / "input"
    folder.mkdir()
    mark = f"open({str(tmp_path / 'mark')!r}, 'w').write('imported')\n"
    for name in SHADOWED:
        (folder / f"{name}.py").write_text(mark, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    "options", [["-P", "-m", "app"], ["-m", "app"]], ids=["as the image", "as the manifest of MAP"]
)
def test_nothing_is_imported_from_the_working_folder(options: list[str], trap: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONSAFEPATH"}
    done = subprocess.run(
        [sys.executable, *options, "--version"],
        cwd=trap,
        env=environment | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    run = [sys.executable, *options, "-i", "nowhere", "-o", "out"]
    ended = subprocess.run(run, cwd=trap, env=environment | {"PYTHONPATH": str(ROOT)}, capture_output=True, check=False)
    assert done.returncode == 2  # `run` has no such option: the parser was reached
    assert ended.returncode == 2
    assert not (trap.parent / "mark").exists()


def test_the_entry_point_searches_no_folder_but_that_of_the_image(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho $PYTHONPATH $PYTHONSAFEPATH\n")
    python.chmod(0o755)
    search = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHONPATH": ":/input"}
    said = subprocess.run([BASH, str(ENTRY_POINT), "info"], env=search, capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["/opt/holoscan/app", "1"]


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_the_entry_point_opens_standard_streams_that_are_closed(closed: str, tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\nreadlink /proc/self/fd/0 /proc/$$/fd/1 /proc/$$/fd/2 > {tmp_path}/open\n")
    python.chmod(0o755)
    search = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run([BASH, "-c", f"{ENTRY_POINT} info {closed}"], env=search, capture_output=True, check=False)
    assert done.returncode == 0
    assert len((tmp_path / "open").read_text(encoding="utf-8").splitlines()) == 3
