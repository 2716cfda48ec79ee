"""Update package locks: `python -m container.lock [FILE ...]`, by default every lock of the repository.

A lock lists packages, one per line. Versions come from requirements.txt and constraints.txt, checksums from the wheels
that pip chooses on this machine; those of other wheels of an unchanged version are kept. The locks in this folder are
those of the image: to add a package, write `name==version --hash=sha256:` and 64 zeros. `requirements-dev.lock` is that
of a checkout: it has every package that is pinned, with the wheels of every supported Python.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).resolve().parent
ROOT: Final = HERE.parent
CHECKOUT: Final = ROOT / "requirements-dev.lock"
PYTHONS: Final = ("3.11", "3.12", "3.13")
"""Those of a checkout; the first is the image's, and its checksum the first of a package."""
IN_LOCKS_OF_THEIR_OWN: Final = frozenset({"torch"})
"""Which wheel is installed depends on the index: torch-cpu.lock, else torch-cuda.lock."""
UNKNOWN: Final = "0" * 64
_LINE: Final = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)((?: --hash=sha256:[0-9a-f]{64})+)$")


def entries(text: str) -> dict[str, tuple[str, list[str]]]:
    """Return version and checksums of every package in a lock's text, by name.

    Raises
    ------
    ValueError
        If a line is neither a comment nor a package with version and checksum.
    """
    found = {}
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        match = _LINE.match(line)
        if match is None:
            message = f"not a locked package: {line}"
            raise ValueError(message)
        found[match[1]] = (match[2], re.findall(r"sha256:([0-9a-f]{64})", match[3]))
    return found


def canonical(name: str) -> str:
    """Return a package's name as package indexes spell it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pinned(*files: Path) -> dict[str, str]:
    """Return the versions that requirement files pin, by canonical name."""
    pins = {}
    for file in files:
        for line in file.read_text(encoding="utf-8").splitlines():
            if match := re.match(r"^([A-Za-z0-9._-]+)==(\S+)$", line.split("#")[0].strip()):
                pins[canonical(match[1])] = match[2]
    return pins


def resolved(requirements: list[str], python: str = "") -> dict[str, str]:
    """Return the checksum of the wheel that pip would install for each requirement, by canonical name.

    `python` is the version that it is installed for, such as "3.12"; by default that of this interpreter.
    """
    with tempfile.NamedTemporaryFile(suffix=".json") as report:
        options = ["--dry-run", "--ignore-installed", "--no-deps", "--quiet", "--report", report.name]
        if python:
            # Older versions of pip ask for a target even where nothing is installed.
            options += ["--python-version", python, "--only-binary", ":all:", "--target", tempfile.gettempdir()]
        subprocess.run([sys.executable, "-m", "pip", "install", *options, *requirements], check=True)  # noqa: S603
        installed = json.load(report)["install"]
    return {
        canonical(item["metadata"]["name"]): item["download_info"]["archive_info"]["hashes"]["sha256"]
        for item in installed
    }


def with_every_pin(text: str, versions: dict[str, str]) -> str:
    """Return a lock's text with a line for every pinned package, by name; new ones have an unknown checksum."""
    head = [line for line in text.splitlines() if line.startswith("#")]
    known = {canonical(name): (version, hashes) for name, (version, hashes) in entries(text).items()}
    lines = []
    for name in sorted(set(versions) - IN_LOCKS_OF_THEIR_OWN):
        version, hashes = known.get(name, (versions[name], [UNKNOWN]))
        lines.append(f"{name}=={version}" + "".join(f" --hash=sha256:{value}" for value in hashes))
    return "\n".join([*head, *lines]) + "\n"


def updated(text: str, versions: dict[str, str], pythons: tuple[str, ...] = ("",)) -> str:
    """Return a lock's text with these versions, by canonical name; other packages keep theirs.

    `pythons` are the versions of Python whose wheels it holds; by default that of this interpreter.
    """
    before = entries(text)
    wanted = {name: versions.get(canonical(name), version) for name, (version, _) in before.items()}
    for name, (version, _) in before.items():
        if version.startswith(f"{wanted[name]}+"):  # a local build of the same version, such as 2.8.0+cpu
            wanted[name] = version
    requirements = [f"{name}=={version}" for name, version in wanted.items()]
    checksums = [resolved(requirements, python) for python in pythons]
    lines = []
    for line in text.splitlines():
        if match := _LINE.match(line):
            name = match[1]
            version, known = before[name]
            kept = [value for value in known if version == wanted[name] and value.strip("0")]
            hashes = dict.fromkeys([*kept, *(found[canonical(name)] for found in checksums)])
            line = f"{name}=={wanted[name]}" + "".join(f" --hash=sha256:{value}" for value in hashes)  # noqa: PLW2901
        lines.append(line)
    return "\n".join(lines) + "\n"


def main(arguments: list[str]) -> int:
    """Update the named locks."""
    versions = pinned(ROOT / "constraints.txt", ROOT / "requirements.txt", ROOT / "requirements-dev.txt")
    for file in [Path(name).resolve() for name in arguments] or [*sorted(HERE.glob("*.lock")), CHECKOUT]:
        text = file.read_text(encoding="utf-8")
        if file == CHECKOUT:
            text = with_every_pin(text, versions)
        everywhere = file in {CHECKOUT, HERE / "torch-cuda.lock"}
        file.write_text(updated(text, versions, PYTHONS if everywhere else ("",)), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
