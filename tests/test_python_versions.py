"""What cannot run the application is told so in one sentence, before anything is installed."""

from __future__ import annotations

import ast
import importlib.util
import re
import shutil
import subprocess
import sys
import time
import tomllib
from importlib.metadata import distribution
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).resolve().parent.parent
CHECK = ROOT / "scripts/check_python.py"
SUPPORTED = ("3.11", "3.12", "3.13")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
GOOD = {
    "version": (3, 12, 1, "final", 0),
    "interpreter": "CPython",
    "system": "Linux",
    "machine": "x86_64",
    "libc": "glibc 2.36",
}

# A Python that runs a program as if it were of another version, and writes down when it is to make an environment.
IMPOSTOR = """\
#!/bin/sh
case "$1" in
  -c) exit 0 ;;
  -m) touch "$0.made-something"; exit 1 ;;
esac
exec {python} -c 'import runpy, sys; sys.version_info = {version}; sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")' "$@"
"""


@pytest.fixture(scope="module")
def check() -> ModuleType:
    spec = importlib.util.spec_from_file_location("check_python", CHECK)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def impostor(path: Path, version: tuple[int, int]) -> Path:
    path.write_text(IMPOSTOR.format(python=sys.executable, version=version), encoding="utf-8")
    path.chmod(0o755)
    return path


def make(*arguments: str, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    program = shutil.which("make")
    if program is None:
        pytest.skip("there is no make")
    environment = {"PATH": "/usr/bin:/bin" if path is None else str(path)}
    return subprocess.run(
        [program, "-C", str(ROOT), *arguments], capture_output=True, text=True, check=False, env=environment
    )


def test_the_python_that_runs_the_tests_is_supported() -> None:
    assert subprocess.run([sys.executable, CHECK], check=False).returncode == 0


@pytest.mark.parametrize("version", SUPPORTED)
def test_a_supported_python_is_not_complained_of(check: ModuleType, version: str) -> None:
    numbers = tuple(int(part) for part in version.split("."))
    assert not check.complaint(**{**GOOD, "version": numbers})


@pytest.mark.parametrize("version", [(2, 7), (3, 6), (3, 10), (3, 14), (4, 0)])
def test_another_python_is_told_which_are_supported(check: ModuleType, version: tuple[int, int]) -> None:
    said = check.complaint(**{**GOOD, "version": version})
    assert said.startswith(f"Python {version[0]}.{version[1]} is not supported: install 3.11, 3.12 or 3.13, or say ")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"interpreter": "PyPy"}, "PyPy is not supported: "),
        ({"system": "Darwin", "machine": "arm64"}, "Darwin on arm64 is not supported: "),
        ({"system": "Windows", "machine": "AMD64", "libc": ""}, "Windows on AMD64 is not supported: "),
        ({"machine": "aarch64"}, "Linux on aarch64 is not supported: "),
        ({"libc": "glibc 2.34"}, "glibc 2.34 is not supported: "),
        ({"libc": ""}, "A C library other than glibc is not supported: "),
    ],
)
def test_another_machine_is_told_what_is_needed(check: ModuleType, given: dict[str, str], said: str) -> None:
    sentence = check.complaint(**{**GOOD, **given})
    assert sentence.startswith(said)
    assert "\n" not in sentence


@pytest.mark.parametrize("libc", ["glibc 2.35", "glibc 2.41", "glibc 3.0", "glibc 2.36.9000"])
def test_that_glibc_or_a_later_one_will_do(check: ModuleType, libc: str) -> None:
    assert not check.complaint(**{**GOOD, "libc": libc})


def test_the_glibc_that_is_asked_for_is_what_the_pinned_packages_need(check: ModuleType) -> None:
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    needed = [
        (int(major), int(minor))
        for line in lines
        if (name := line.split("==")[0]) and not line.startswith("#")
        for major, minor in re.findall(r"manylinux_(\d+)_(\d+)_x86_64", distribution(name).read_text("WHEEL") or "")
    ]
    assert max(needed) == check.GLIBC


def test_any_python_3_can_read_the_check() -> None:
    ast.parse(CHECK.read_text(encoding="utf-8"), feature_version=(3, 4))


def test_package_and_documents_name_the_same_versions(check: ModuleType) -> None:
    assert (check.OLDEST, check.NEWEST) == ((3, 11), (3, 13))
    assert PROJECT["requires-python"] == ">=3.11,<3.14"
    named = [re.search(r"^Programming Language :: Python :: (3\.\d+)$", line) for line in PROJECT["classifiers"]]
    assert tuple(match[1] for match in named if match) == SUPPORTED
    for document in ("README.md", "CONTRIBUTING.md"):
        text = (ROOT / document).read_text(encoding="utf-8")
        assert all(words in text for words in ("Linux", "x86-64", "glibc", "2.35", *SUPPORTED)), document


def test_make_stops_at_an_unsupported_python_before_anything_is_installed(tmp_path: Path) -> None:
    python = impostor(tmp_path / "python", (3, 10))
    environment = tmp_path / "venv"
    done = make(f"PYTHON={python}", f"VENV={environment}", f"{environment}/installed")
    assert done.returncode != 0
    assert "Python 3.10 is not supported: install 3.11, 3.12 or 3.13" in done.stderr
    assert not environment.exists()
    assert not list(tmp_path.glob("*made-something"))


def test_make_goes_on_with_a_supported_python(tmp_path: Path) -> None:
    python = impostor(tmp_path / "python", (3, 13))
    environment = tmp_path / "venv"
    make(f"PYTHON={python}", f"VENV={environment}", f"{environment}/installed")
    assert list(tmp_path.glob("*made-something"))


@pytest.mark.parametrize(
    ("found", "taken"),
    [
        (("python3", "python3.12"), "python3.12"),
        (("python3", "python3.13", "python3.12"), "python3.12"),
        (("python3", "python3.13", "python3.12", "python3.11"), "python3.11"),
        (("python3", "python3.10"), "python3"),
    ],
)
def test_make_takes_the_first_supported_python_on_the_path(found: tuple[str, ...], taken: str, tmp_path: Path) -> None:
    for name in found:
        impostor(tmp_path / name, (3, 12))
    done = make("-n", "VENV=nowhere", "nowhere/installed", path=tmp_path)
    assert f"{tmp_path / taken} -m venv nowhere\n" in done.stdout


def test_make_passes_over_a_python_that_does_not_run(tmp_path: Path) -> None:
    broken = tmp_path / "python3.11"
    broken.write_text("#!/bin/sh\nexit 127\n", encoding="utf-8")
    broken.chmod(0o755)
    impostor(tmp_path / "python3.13", (3, 13))
    done = make("-n", "VENV=nowhere", "nowhere/installed", path=tmp_path)
    assert f"{tmp_path / 'python3.13'} -m venv nowhere\n" in done.stdout


def test_make_says_so_where_there_is_no_python(tmp_path: Path) -> None:
    done = make(f"VENV={tmp_path}/venv", f"{tmp_path}/venv/installed", path=tmp_path)
    assert done.returncode != 0
    assert "No Python was found: install 3.11, 3.12 or 3.13." in done.stderr


@pytest.fixture
def other(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return the program behind `make python-versions`, on a machine where every Python is installed."""
    monkeypatch.syspath_prepend(CHECK.parent)
    module = importlib.import_module("python_versions")
    monkeypatch.setattr(module, "find", lambda _version: Path("python"))
    monkeypatch.setattr(module, "installed", lambda python, _version, _deadline: python)
    return module


def of_mean(kpa: float) -> dict[str, Any]:
    return {"measurement": {"stiffness_kpa": {"mean": kpa}}, "staging": {"category": "Stage 1-2 fibrosis"}}


@pytest.mark.parametrize(("kpa", "same", "said"), [(3.2, True, ", the same"), (3.21, False, ", NOT the same")])
def test_another_python_must_measure_the_same(
    kpa: float,
    said: str,
    other: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *,
    same: bool,
) -> None:
    monkeypatch.setattr(other, "measured", lambda *_: of_mean(kpa))
    assert other.agrees("3.13", of_mean(3.2), 0.0) is same
    assert said in capsys.readouterr().out


def test_a_python_that_is_not_here_is_named_and_skipped(
    other: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(other, "find", lambda _version: None)
    assert other.agrees("3.13", of_mean(3.2), 0.0)
    assert capsys.readouterr().out == "Python 3.13: not on this machine, skipped\n"


def test_a_python_that_does_not_run_the_application_fails(
    other: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(*_: object) -> None:
        other.run([sys.executable, "-c", "raise SystemExit('it broke')"], time.monotonic() + 60)

    monkeypatch.setattr(other, "measured", fails)
    assert not other.agrees("3.13", of_mean(3.2), 0.0)
    assert "it broke" in capsys.readouterr().out


def test_a_python_whose_time_is_up_is_named_and_not_held_against_it(
    other: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    waits = [sys.executable, "-c", "import time; time.sleep(60)"]
    monkeypatch.setattr(other, "measured", lambda *_: other.run(waits, 0.0))
    assert other.agrees("3.13", of_mean(3.2), 0.0)
    assert "Python 3.13: NOT TRIED" in capsys.readouterr().out


def test_every_supported_python_is_looked_for(other: ModuleType) -> None:
    assert tuple(other.versions()) == SUPPORTED
