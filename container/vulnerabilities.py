"""Find known vulnerabilities of the locked packages in an offline copy of the OSV database.

`python -m container.vulnerabilities` reads the folder of OSV records (JSON or YAML files, searched recursively) that
OSV_DATABASE names, prints every vulnerability of a locked version, and exits with 1 if there are any. Without the
variable it checks nothing and says so.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml
from packaging.version import InvalidVersion, Version

from container.lock import HERE, canonical, entries

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

VARIABLE: Final = "OSV_DATABASE"
READERS: Final[dict[str, Callable[[str], Any]]] = {
    ".json": json.loads,  # OSV's own export
    ".yaml": lambda text: yaml.load(text, Loader=yaml.CSafeLoader),  # PyPA's database; its timestamps are not used
}


def locked() -> dict[str, Version]:
    """Return the version of every locked package, by canonical name."""
    found = {}
    for file in sorted(HERE.glob("*.lock")):
        for name, (version, _) in entries(file.read_text(encoding="utf-8")).items():
            found[canonical(name)] = Version(version)
    return found


def records(folder: Path) -> Iterator[dict[str, Any]]:
    """Yield the OSV records in a folder."""
    for path in sorted(folder.rglob("*")):
        if path.suffix not in READERS:
            continue
        content = READERS[path.suffix](path.read_text(encoding="utf-8"))
        if isinstance(content, dict) and "affected" in content:
            yield content


def affected(record: dict[str, Any], packages: dict[str, Version]) -> list[str]:
    """Return the packages that a record affects, as name==version."""
    if "withdrawn" in record:
        return []
    hits = []
    for entry in record["affected"]:
        package = entry.get("package", {})
        name = canonical(str(package.get("name", "")))
        if package.get("ecosystem") == "PyPI" and name in packages and _is_affected(entry, packages[name]):
            hits.append(f"{name}=={packages[name]}")
    return hits


def _is_affected(entry: dict[str, Any], version: Version) -> bool:
    listed = {parsed for text in entry.get("versions", ()) if (parsed := _version(text)) is not None}
    ranges = [part for part in entry.get("ranges", ()) if part.get("type") in {"ECOSYSTEM", "SEMVER"}]
    return version in listed or any(_within(part.get("events", ()), version) for part in ranges)


def _within(events: Iterable[dict[str, str]], version: Version) -> bool:
    """Return whether the events of a range, in version order, leave a version affected."""
    inside = False
    for event in events:
        ((kind, text),) = list(event.items())[:1]
        at = Version("0") if text == "0" else _version(text)
        if at is None:
            continue
        if kind == "introduced":
            inside = inside or version >= at
        elif (kind == "fixed" and version >= at) or (kind == "last_affected" and version > at):
            inside = False
    return inside


def _version(text: object) -> Version | None:
    try:
        return Version(str(text))  # unquoted versions in YAML are numbers
    except InvalidVersion:
        return None


def main() -> int:
    """Check the locked packages and print the vulnerabilities."""
    folder = os.environ.get(VARIABLE)
    if not folder:
        sys.stderr.write(f"VULNERABILITIES WERE NOT CHECKED: {VARIABLE} names no offline copy of the OSV database.\n")
        return 0
    packages = locked()
    found, count = [], 0
    for record in records(Path(folder)):
        count += 1
        found += [f"{name}: {record.get('id')} {record.get('summary', '')}" for name in affected(record, packages)]
    sys.stdout.write("".join(f"{line}\n" for line in found))
    sys.stdout.write(f"{len(packages)} packages against {count} records: {len(found)} vulnerabilities\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
