"""Every command that the documents show works."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from itertools import takewhile
from pathlib import Path

import pytest

import simulation.__main__ as simulation_cli
import training.__main__ as training_cli
from app import cli
from liver_mre.method.steps import STEPS, WRITERS
from simulation.__main__ import main as simulate

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = (
    "README.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "docs/security.md",
    "docs/risks.md",
    "docs/usage.md",
    "docs/performance.md",
    "docs/glossary.md",
    "docs/codes.md",
    "docs/results.md",
    "docs/scanners.md",
    "docs/encodings.md",
    "docs/training.md",
    "docs/roi.md",
    "docs/quality.md",
    "docs/phantom.md",
    "docs/fuzzing.md",
    "docs/architecture.md",
    "docs/deploy.md",
    "docs/release.md",
    "deploy/README.md",
    *sorted(str(page.relative_to(ROOT)) for page in ROOT.glob("deploy/*/README.md")),
    "models/README.md",
)
ARCHITECTURE = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
OUR_FOLDERS = ("app", "container", "deploy", "liver_mre", "models", "operators", "simulation", "tests", "training")
MADE = {"models/exported/"}
NOT_WRITTEN = {"docs/encodings.md", "cosign.pub"}
"""What is committed, and what is published."""
EXPORT = "python -m models.export"


def commands() -> list[str]:
    shown = set()
    for name in DOCUMENTS:
        text = (ROOT / name).read_text(encoding="utf-8")
        for block in re.findall(r"^```sh\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
            shown |= {line.split("#")[0].strip() for line in block.splitlines()}
        shown |= set(re.findall(r"\| `((?:python -m|liver-mre|make) [^`]+)`", text))
    return sorted(shown - {""})


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reader")
    assert simulate(["example", "--out", str(folder / "example")]) == 0
    return folder


def test_the_documents_show_commands() -> None:
    assert {"make run", "make test"} <= set(commands())
    assert len(commands()) > 8


@pytest.mark.slow
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


def test_contributing_lists_what_ci_checks_and_nothing_else() -> None:
    lines = re.findall(r"^make (.+)$", (ROOT / ".ci/run").read_text(encoding="utf-8"), re.MULTILINE)
    listed = re.findall(r"^\| `make ([^`]+)`", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert listed == [target for line in lines for target in line.split()]


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


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_path_that_a_document_names_exists(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    named = set(re.findall(rf"`((?:{'|'.join(OUR_FOLDERS)})/[\w./-]*)`", text))
    assert sorted(path for path in named if not (ROOT / path).exists() and path not in MADE) == []


def test_what_the_documents_have_written_into_a_checkout_is_ignored_by_git() -> None:
    """Such as studies of patients, which must not be committed."""
    pattern = r"(?:--out|-o|--data|--pictures|--digestfile|--key|>) ([a-z][\w./-]*)"
    texts = ((ROOT / name).read_text(encoding="utf-8") for name in DOCUMENTS if not name.startswith("deploy/"))
    named = {path for text in texts for path in re.findall(pattern, text)} - NOT_WRITTEN
    assert {"studies", "cohort/own", "results", "cosign.key"} <= named
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("this is no checkout")
    command = [git, "check-ignore", "--no-index", *sorted(f"{path}/file" for path in named)]
    ignored = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout.split()
    assert {line.removesuffix("/file") for line in ignored} == named


def test_the_architecture_shows_the_steps_in_their_order() -> None:
    rows = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \| (?:`(\w+)`|one each)", ARCHITECTURE, re.MULTILINE)
    assert [(names.strip("`"), operator) for names, operator in rows[:-1]] == [
        (one.name, one.operator) for one in STEPS
    ]
    assert rows[-1][0] == ", ".join(f"`{writer.name}`" for writer in WRITERS)


def test_no_document_names_a_placeholder_or_a_path_of_one_machine() -> None:
    for name in DOCUMENTS:
        text = (ROOT / name).read_text(encoding="utf-8")
        assert "@@" not in text
        assert not re.search(r"(?<![\w.])/(root|home)/", text)
