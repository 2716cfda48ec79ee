"""Update package locks: `python -m container.lock [FILE ...]`, by default every lock in this folder.

A lock lists packages, one per line. Versions come from requirements.txt and constraints.txt, checksums from the wheels
that pip chooses on this machine; those of other wheels of an unchanged version are kept. To add a package, write
`name==version --hash=sha256:` and 64 zeros.
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


def resolved(requirements: list[str]) -> dict[str, str]:
    """Return the checksum of the wheel that pip would install for each requirement, by canonical name."""
    with tempfile.NamedTemporaryFile(suffix=".json") as report:
        options = ("--dry-run", "--ignore-installed", "--no-deps", "--quiet", "--report", report.name)
        subprocess.run([sys.executable, "-m", "pip", "install", *options, *requirements], check=True)  # noqa: S603
        installed = json.load(report)["install"]
    return {
        canonical(item["metadata"]["name"]): item["download_info"]["archive_info"]["hashes"]["sha256"]
        for item in installed
    }


def updated(text: str, versions: dict[str, str]) -> str:
    """Return a lock's text with these versions, by canonical name; other packages keep theirs."""
    before = entries(text)
    wanted = {name: versions.get(canonical(name), version) for name, (version, _) in before.items()}
    for name, (version, _) in before.items():
        if version.startswith(f"{wanted[name]}+"):  # a local build of the same version, such as 2.8.0+cpu
            wanted[name] = version
    checksums = resolved([f"{name}=={version}" for name, version in wanted.items()])
    lines = []
    for line in text.splitlines():
        if match := _LINE.match(line):
            name = match[1]
            version, known = before[name]
            kept = [value for value in known if version == wanted[name] and value.strip("0")]
            hashes = dict.fromkeys([*kept, checksums[canonical(name)]])
            line = f"{name}=={wanted[name]}" + "".join(f" --hash=sha256:{value}" for value in hashes)  # noqa: PLW2901
        lines.append(line)
    return "\n".join(lines) + "\n"


def main(arguments: list[str]) -> int:
    """Update the named locks."""
    versions = pinned(ROOT / "constraints.txt", ROOT / "requirements.txt", ROOT / "requirements-dev.txt")
    for file in [Path(name) for name in arguments] or sorted(HERE.glob("*.lock")):
        file.write_text(updated(file.read_text(encoding="utf-8"), versions), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
