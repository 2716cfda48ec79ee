"""The image's entry point hands every command of the application on to it."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from app.cli import build_parser

ENTRY_POINT = Path(__file__).resolve().parent.parent / "container" / "tools"
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
    given = "-m app" if word == "run" else f"-c from app.cli import script; script() {word}"
    assert handed_on(tmp_path, word, "--help") == f"{given} --help"


def test_the_usage_names_every_command() -> None:
    usage = subprocess.run([BASH, str(ENTRY_POINT), "help"], capture_output=True, text=True, check=True).stdout
    assert [word for word in commands() if f"IMAGE {word} " not in usage and f"[{word}]" not in usage] == []
