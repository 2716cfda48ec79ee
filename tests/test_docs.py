"""Every command that the documents show works."""

from __future__ import annotations

import re
import shlex
from itertools import takewhile
from pathlib import Path

import pytest

import simulation.__main__ as simulation_cli
import training.__main__ as training_cli
from app import cli
from simulation.__main__ import main as simulate

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = (
    "README.md",
    "docs/usage.md",
    "docs/scanners.md",
    "docs/encodings.md",
    "docs/training.md",
    "docs/roi.md",
    "docs/quality.md",
    "docs/phantom.md",
    "docs/architecture.md",
    "docs/deploy.md",
    "docs/release.md",
    "deploy/README.md",
    "models/README.md",
)
EXPORT = "python -m models.export"


def commands() -> list[str]:
    shown = set()
    for name in DOCUMENTS:
        text = (ROOT / name).read_text(encoding="utf-8")
        for block in re.findall(r"^```sh\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
            shown |= {line.split("#")[0].strip() for line in block.splitlines()}
        shown |= set(re.findall(r"\| `((?:python -m|liver-mre) [^`]+)`", text))
    return sorted(shown - {""})


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reader")
    assert simulate(["example", "--out", str(folder / "example")]) == 0
    return folder


def test_the_documents_show_commands() -> None:
    assert {"make run", "make test"} <= set(commands())
    assert len(commands()) > 8


@pytest.mark.parametrize("command", commands())
def test_a_command_in_the_documents_works(
    command: str, workplace: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(workplace)
    program, *arguments = shlex.split(command)
    if program == "make":
        assert re.search(rf"^{arguments[0]}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    elif arguments[0] in cli.DEVELOPMENT_WORDS:  # hours; tests/training runs them small
        assert_parses(arguments, capfd)
    elif program == "liver-mre":
        assert cli.main(arguments) == 0
    elif command.startswith("python -m simulation"):
        assert simulation_cli.main(arguments[2:]) == 0
    else:
        assert command == EXPORT


def assert_parses(arguments: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    """Check that every option of a long-running command exists, by its help."""
    words = list(takewhile(lambda argument: not argument.startswith("--"), arguments))
    with pytest.raises(SystemExit) as ended:
        training_cli.main([*words, "--help"])
    assert ended.value.code == 0
    known = capfd.readouterr().out
    assert all(option in known for option in arguments if option.startswith("--"))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_link_in_the_documents_leads_somewhere(name: str) -> None:
    document = ROOT / name
    links = re.findall(r"\]\(([^)#]+)\)", document.read_text(encoding="utf-8"))
    missing = [link for link in links if "://" not in link and not (document.parent / link).exists()]
    assert not missing


def test_no_document_names_a_placeholder_or_a_path_of_one_machine() -> None:
    for name in DOCUMENTS:
        text = (ROOT / name).read_text(encoding="utf-8")
        assert "@@" not in text
        assert not re.search(r"(?<![\w.])/(root|home)/", text)
