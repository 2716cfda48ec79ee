"""Run the application under every other supported Python that this machine has: `python scripts/python_versions.py`.

Each gets an environment of its own under build/, with what the application needs at run time, checks and measures the
example study, and must give the same measurement and stage as the Python that runs this program. A Python that is not
here, or whose time is up before it is installed, is named and skipped; nothing is held against it.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final

from check_python import NEWEST, OLDEST

ROOT: Final = Path(__file__).resolve().parent.parent
BUILD: Final = ROOT / "build/pythons"
STUDY: Final = ROOT / "example/study"
REQUIREMENTS: Final = ("requirements.txt", "constraints.txt")
LIMIT_S: Final = 240.0
"""For all versions together. An environment that is complete by then is kept, as is what pip downloaded."""


class CommandError(Exception):
    """A command failed."""


class OutOfTimeError(Exception):
    """The time for all versions is up."""


def main() -> int:
    """Try every version and return the exit code."""
    parser = argparse.ArgumentParser(description="Run the application under every other supported Python.")
    parser.add_argument("--limit-s", type=float, default=LIMIT_S, help="for all together (default: %(default)s)")
    deadline = time.monotonic() + parser.parse_args().limit_s
    this = ".".join(str(part) for part in sys.version_info[:2])
    expected = measured(Path(sys.executable), this, deadline)
    print(f"Python {this}: {in_words(expected)}", flush=True)
    failed = [not agrees(version, expected, deadline) for version in versions() if version != this]
    return int(any(failed))


def agrees(version: str, expected: dict[str, Any], deadline: float) -> bool:
    """Print what a version measures; false if that is something else, or nothing."""
    python = find(version)
    if python is None:
        print(f"Python {version}: not on this machine, skipped", flush=True)
        return True
    try:
        found = measured(installed(python, version, deadline), version, deadline)
    except OutOfTimeError:
        print(
            f"Python {version}: NOT TRIED, the time was up; the next try is shorter, --limit-s gives more", flush=True
        )
        return True
    except CommandError as error:
        print(f"Python {version}: {error}", flush=True)
        return False
    print(f"Python {version}: {in_words(found)}, {'the same' if found == expected else 'NOT the same'}", flush=True)
    return found == expected


def versions() -> list[str]:
    """Return the supported versions, as in 3.12."""
    return [f"{OLDEST[0]}.{minor}" for minor in range(OLDEST[1], NEWEST[1] + 1)]


def find(version: str) -> Path | None:
    """Return a Python of this version that runs, from the PATH or from pyenv."""
    candidates = [shutil.which(f"python{version}")]
    if pyenv := shutil.which("pyenv"):
        root = subprocess.run([pyenv, "root"], capture_output=True, text=True, check=False).stdout.strip()
        candidates += sorted(str(path) for path in Path(root).glob(f"versions/{version}.*/bin/python"))
    for candidate in candidates:
        if candidate and version_of(candidate) == version:
            return Path(candidate)
    return None


def version_of(python: str) -> str:
    """Return the version of a Python, empty if it does not run."""
    program = "import sys; print('%d.%d' % sys.version_info[:2])"
    return subprocess.run([python, "-c", program], capture_output=True, text=True, check=False).stdout.strip()


def installed(python: Path, version: str, deadline: float) -> Path:
    """Return the Python of an environment with the application's requirements, made now if they have changed."""
    environment = BUILD / version
    wanted = "".join((ROOT / name).read_text(encoding="utf-8") for name in REQUIREMENTS)
    done = environment / "installed"
    own = environment / "bin/python"
    if done.is_file() and done.read_text(encoding="utf-8") == wanted:
        return own
    run([str(python), "-m", "venv", "--clear", str(environment)], deadline)
    install = [str(own), "-m", "pip", "install", "--quiet", "--no-compile", "--disable-pip-version-check"]
    run([*install, "-c", "constraints.txt", "-r", "requirements.txt"], deadline)
    done.write_text(wanted, encoding="utf-8")
    return own


def measured(python: Path, version: str, deadline: float) -> dict[str, Any]:
    """Return what the application measures in the example study."""
    out = BUILD / f"results-{version}"
    shutil.rmtree(out, ignore_errors=True)
    command = [str(python), "-c", "from app.cli import script; script()"]
    run([*command, "check", str(STUDY)], deadline)
    run([*command, "run", "-i", str(STUDY), "-o", str(out), "--quiet"], deadline)
    study = json.loads((out / "result.json").read_text(encoding="utf-8"))["studies"][0]
    return {"measurement": study["measurement"], "staging": study["staging"]}


def run(command: list[str], deadline: float) -> None:
    """Run a command in the repository.

    Raises
    ------
    CommandError
        If it fails.
    OutOfTimeError
        If the time for all versions is up first.
    """
    left = max(deadline - time.monotonic(), 1)
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=left)
    except subprocess.TimeoutExpired:
        raise OutOfTimeError from None
    if done.returncode:
        message = f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}"
        raise CommandError(message)


def in_words(found: dict[str, Any]) -> str:
    """Return the mean stiffness and the stage."""
    return f"{found['measurement']['stiffness_kpa']['mean']:.5f} kPa, {found['staging']['category']}"


if __name__ == "__main__":
    sys.exit(main())
