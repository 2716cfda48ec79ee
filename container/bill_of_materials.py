"""Bill of materials: `python -m container.bill_of_materials FOLDER`, run inside the image, writes two files.

`sbom.cdx.json` is a CycloneDX 1.5 bill of materials of the application, its models and all Python and Debian packages;
`licences.md` lists their licences. Both are reproducible: they contain no dates and no random numbers.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
import sysconfig
import uuid
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions
from pathlib import Path
from platform import python_version
from typing import Any, Final

from container.lock import canonical, entries
from container.source import DESCRIPTION, IMAGE, ROOT, Source

DPKG_STATUS: Final = Path("/var/lib/dpkg/status")
DOC: Final = Path("/usr/share/doc")
_LICENCE_LINE: Final = re.compile(r"^License:\s*(\S.*)$", re.MULTILINE)
UNKNOWN: Final = "see the package"


@dataclass(frozen=True, slots=True)
class Component:
    """One part of the image.

    Attributes
    ----------
    kind : "library" or "machine-learning-model"
    purl : package URL, empty for a model
    sha256 : checksum of the wheel or the weights, empty if unknown
    """

    kind: str
    name: str
    version: str
    licence: str
    purl: str
    sha256: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the component in CycloneDX's form."""
        content: dict[str, Any] = {
            "type": self.kind,
            "bom-ref": self.purl or f"{self.name}@{self.version}",
            "name": self.name,
            "version": self.version,
            "licenses": [{"license": {"name": self.licence}}],
        }
        if self.purl:
            content["purl"] = self.purl
        if self.sha256:
            content["hashes"] = [{"alg": "SHA-256", "content": self.sha256}]
        return content


def python_packages(site_packages: Path, checksums: dict[str, str]) -> list[Component]:
    """Return the Python packages in a folder; `checksums` of their wheels are by canonical name."""
    found = []
    for package in distributions(path=[str(site_packages)]):
        name, version = package.metadata["Name"], package.version
        purl, checksum = f"pkg:pypi/{canonical(name)}@{version}", checksums.get(canonical(name), "")
        found.append(Component("library", name, version, licence_of(package), purl, checksum))
    return sorted(found, key=lambda component: component.name.lower())


def licence_of(package: Distribution) -> str:
    """Return a package's licence: its SPDX expression, else its classifiers, else its free text if that is one line."""
    metadata = package.metadata.json
    if expression := metadata.get("license_expression"):
        return str(expression)
    classifiers = [c.split(" :: ")[-1] for c in metadata.get("classifier") or () if c.startswith("License :: ")]
    text = str(metadata.get("license") or "").strip()
    named = ", ".join(classifier for classifier in classifiers if classifier != "OSI Approved")
    return named or (text if text and "\n" not in text else UNKNOWN)


def debian_packages(status: str, doc: Path) -> list[Component]:
    """Return the installed packages in the text of a dpkg status file; `doc` holds their copyright files."""
    found = []
    for paragraph in status.split("\n\n"):
        fields = dict(re.findall(r"^(Package|Version|Architecture|Status): (.+)$", paragraph, re.MULTILINE))
        if fields.get("Status") != "install ok installed":
            continue
        name, version = fields["Package"], fields["Version"]
        purl = f"pkg:deb/debian/{name}@{version.replace('+', '%2B').replace(':', '%3A')}?arch={fields['Architecture']}"
        found.append(Component("library", name, version, _debian_licence(doc / name / "copyright"), purl))
    return sorted(found, key=lambda component: component.name)


def _debian_licence(copyright_file: Path) -> str:
    if not copyright_file.is_file():
        return UNKNOWN
    text = copyright_file.read_text(encoding="utf-8", errors="replace")
    names = dict.fromkeys(match.strip() for match in _LICENCE_LINE.findall(text))
    return ", ".join(names) or UNKNOWN


def models(folder: Path) -> list[Component]:
    """Return the models in a folder, by their cards."""
    found = []
    for path in sorted(folder.glob("*/card.json")):
        card = json.loads(path.read_text(encoding="utf-8"))
        kind, weights = "machine-learning-model", card["weights"]["sha256"]
        found.append(Component(kind, card["name"], card["version"], card["licence"], "", weights))
    return found


def bill(source: Source, components: list[Component]) -> dict[str, Any]:
    """Return the bill of materials; its serial number is a checksum of its content."""
    content = [component.as_json() for component in components]
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).digest()
    root = {"type": "container", "bom-ref": IMAGE, "name": IMAGE, "version": source.version, "description": DESCRIPTION}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{uuid.UUID(bytes=digest[:16], version=4)}",
        "version": 1,
        "metadata": {"component": root | {"licenses": [{"license": {"id": "Apache-2.0"}}]}},
        "components": content,
    }


def licence_list(components: list[Component]) -> str:
    """Return the licences as a Markdown page."""
    rows = "\n".join(f"| {c.name} | {c.version} | {c.licence.replace('|', '/')} |" for c in components)
    head = "# Licences in the image\n\nThe application itself: Apache-2.0. Licence texts are beside each Python package"
    places = "(`*.dist-info`) and, as far as the base image has kept them, in `/usr/share/doc/*/copyright`."
    return f"{head}\n{places}\n\n| Part | Version | Licence |\n|---|---|---|\n{rows}\n"


def main(folder: Path) -> int:
    """Write both files."""
    locks = [file.read_text(encoding="utf-8") for file in sorted((ROOT / "container").glob("*.lock"))]
    # Where a lock has the wheels of several Pythons, the first is that of the image's.
    checksums = {canonical(name): hashes[0] for lock in locks for name, (_, hashes) in entries(lock).items()}
    components = [
        *models(ROOT / "models"),
        Component("library", "CPython", python_version(), "PSF-2.0", f"pkg:generic/python@{python_version()}"),
        *python_packages(Path(sysconfig.get_path("purelib")), checksums),
        *debian_packages(DPKG_STATUS.read_text(encoding="utf-8"), DOC),
    ]
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(bill(Source.read(), components), indent=1) + "\n"
    (folder / "sbom.cdx.json").write_text(text, encoding="utf-8")
    (folder / "licences.md").write_text(licence_list(components), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
