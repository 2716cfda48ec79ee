"""The manifests of the image, from `app.yaml`, the model cards and the version: never written by hand.

`python -m container.manifests write ROOT` writes those that are files below the image's root; the Dockerfile calls it.
`python -m container.manifests labels` brings the labels in the Dockerfile, and the version in `app.yaml`, up to date; a
test fails where that was forgotten.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

ROOT: Final = Path(__file__).resolve().parent.parent
IMAGE: Final = "liver-mre"
DESCRIPTION: Final = "Liver stiffness and fibrosis stage from MR elastography. Research use only."
RESULTS: Final = "SEG, SR, overlay, result.json"
API_VERSION: Final = "1.0.0"
TOOLS: Final = "/var/holoscan/tools"
INPUT, OUTPUT = "/var/holoscan/input", "/var/holoscan/output"
MODELS: Final = "/opt/holoscan/models"
FLYWHEEL: Final = "/flywheel/v0"
MARK: Final = "# Generated from app.yaml by `make manifests`:\n"
END: Final = "# End of what is generated.\n"

# What the MAP specification asks an image to have in its environment, and what this application adds.
ENVIRONMENT: Final = {
    "HOLOSCAN_INPUT_PATH": INPUT,
    "HOLOSCAN_OUTPUT_PATH": OUTPUT,
    "HOLOSCAN_WORKDIR": "/var/holoscan",
    "HOLOSCAN_APPLICATION": "/opt/holoscan/app",
    "HOLOSCAN_MODEL_PATH": MODELS,
    "HOLOSCAN_DOCS_PATH": "/opt/holoscan/docs",
    "HOLOSCAN_CONFIG_PATH": "/var/holoscan/app.yaml",
    "HOLOSCAN_APP_MANIFEST_PATH": "/etc/holoscan/app.json",
    "HOLOSCAN_PKG_MANIFEST_PATH": "/etc/holoscan/pkg.json",
    "HOLOSCAN_LOGS_PATH": "/var/holoscan/logs",
    "HOLOSCAN_TIMEOUT": "0",
    "LIVER_MRE_MODEL_DIR": f"{MODELS}/liver_segmentation",
    "PYTHONPATH": "/opt/holoscan/app",
    "PYTHONDONTWRITEBYTECODE": "1",
    "HOME": "/tmp",  # noqa: S108  (in the container: the one folder that is writable for every user)
}

# Settings that a site chooses most often; platforms that show a form offer these. (name, type, default, description)
OFFERED: Final = (
    ("profile", "string", "resoundant_2019", "Staging profile: resoundant_2019, wu_2015 or liang_2023"),
    ("preview", "boolean", "false", "Also write the overlay as PNG"),
    ("series", "string", "", "SeriesInstanceUID to measure, where several could be"),
)


@dataclass(frozen=True, slots=True)
class Source:
    """What the manifests are made from.

    Attributes
    ----------
    app : the `application` section of app.yaml
    resources : its `resources` section
    models : folder names of the models, by the name on their card
    version : the version of `liver_mre`, the only place where it is set
    sdk_version : version of the MONAI Deploy SDK in the package lock
    holoscan_version : version of Holoscan in the package lock
    """

    app: dict[str, Any]
    resources: dict[str, Any]
    models: dict[str, str]
    version: str
    sdk_version: str
    holoscan_version: str

    @classmethod
    def read(cls, root: Path = ROOT) -> Source:
        """Read them from the repository."""
        content = yaml.safe_load((root / "app.yaml").read_text(encoding="utf-8"))
        cards = sorted((root / "models").glob("*/card.json"))
        lock = (root / "container" / "requirements.lock").read_text(encoding="utf-8")
        return cls(
            app=content["application"],
            resources=content["resources"],
            models={json.loads(card.read_text(encoding="utf-8"))["name"]: card.parent.name for card in cards},
            version=_find(r'^__version__ = "(.+)"', (root / "liver_mre" / "__init__.py").read_text(encoding="utf-8")),
            sdk_version=_find(r"^monai-deploy-app-sdk==(\S+)", lock),
            holoscan_version=_find(r"^holoscan-cu\d+==(\S+)", lock),
        )


def _find(pattern: str, text: str) -> str:
    found = re.search(pattern, text, re.MULTILINE)
    if found is None:
        message = f"nothing matches {pattern}"
        raise ValueError(message)
    return found[1]


def app_manifest(source: Source) -> dict[str, Any]:
    """Return `/etc/holoscan/app.json`: how the application is called."""
    return {
        "apiVersion": API_VERSION,
        "command": json.dumps([TOOLS, "run"]),
        "environment": ENVIRONMENT,
        "input": {"path": INPUT, "formats": source.app["inputFormats"]},
        "output": {"path": OUTPUT, "formats": source.app["outputFormats"]},
        "liveness": None,
        "readiness": None,
        "sdk": "monai-deploy",
        "sdkVersion": source.sdk_version,
        "timeout": 0,
        "version": source.version,
        "workingDirectory": "/var/holoscan",
    }


def package_manifest(source: Source, device: str = "cpu") -> dict[str, Any]:
    """Return `/etc/holoscan/pkg.json`: what the package holds and needs; `device` is "cpu" or "cuda"."""
    wanted = source.resources | ({"gpu": 1, "gpuMemory": "4Gi"} if device == "cuda" else {})
    return {
        "apiVersion": API_VERSION,
        "applicationRoot": "/opt/holoscan/app",
        "modelRoot": MODELS,
        "models": {name: f"{MODELS}/{folder}" for name, folder in source.models.items()},
        "resources": {
            "cpu": wanted["cpu"],
            "gpu": wanted["gpu"],
            "memory": wanted["memory"],
            "gpuMemory": wanted["gpuMemory"],
            "sharedMemory": "64Mi",
        },
        "version": source.version,
        "platformConfig": "dgpu" if device == "cuda" else "cpu",
    }


def kaapana_manifest(source: Source) -> dict[str, Any]:
    """Return `/processing-container.json`: Kaapana's Task API, version 1."""
    limits = {"memory": source.resources["memory"], "cpu": str(source.resources["cpu"])}
    return {
        "name": IMAGE,
        "description": DESCRIPTION,
        "api_version": 1,
        "templates": [
            {
                "identifier": "measure",
                "description": "Measure every study in the input; exit code 126: none holds MR elastography.",
                "env": [
                    {"name": "LIVER_MRE_SKIPPED_EXIT_CODE", "value": "126", "description": "Exit code: nothing to do"},
                    *(
                        {"name": f"LIVER_MRE_{name.upper()}", "value": default, "description": description}
                        for name, _, default, description in OFFERED
                    ),
                ],
                "inputs": [{"name": "dicom", "mounted_path": INPUT, "description": "Folder of DICOM studies"}],
                "outputs": [{"name": "results", "mounted_path": OUTPUT, "description": RESULTS}],
                "command": [TOOLS, "run"],
                "resources": {"requests": limits, "limits": limits},
            }
        ],
    }


def flywheel_manifest(source: Source) -> dict[str, Any]:
    """Return `/flywheel/v0/manifest.json`: a gear that gets one zip of DICOM."""
    return {
        "name": IMAGE,
        "label": source.app["title"],
        "description": DESCRIPTION,
        "version": source.version,
        "author": "Liver MRE",
        "license": "Apache-2.0",
        "source": "",
        "url": "",
        "command": f"{FLYWHEEL}/run",
        "environment": ENVIRONMENT | {"FLYWHEEL": FLYWHEEL},
        "inputs": {
            "dicom": {"base": "file", "type": {"enum": ["dicom"]}, "description": "A study: DICOM, or a zip of it"}
        },
        "config": {
            name: {"type": kind, "description": description, "default": kind == "string" and default}
            for name, kind, default, description in OFFERED
        },
        "custom": {"gear-builder": {"category": "analysis", "image": f"{IMAGE}:{source.version}"}},
    }


def xnat_commands(source: Source) -> list[dict[str, Any]]:
    """Return the commands for XNAT's Container Service, which reads them from a label: one, for an MR session."""
    inputs = [
        {
            "name": name,
            "description": description,
            "type": kind,
            "default-value": default,
            "required": False,
            "replacement-key": f"#{name.upper()}#",
        }
        for name, kind, default, description in OFFERED
    ]
    return [
        {
            "name": IMAGE,
            "label": source.app["title"],
            "description": DESCRIPTION,
            "version": source.version,
            "schema-version": "1.0",
            "type": "docker",
            "image": f"{IMAGE}:{source.version}",
            "override-entrypoint": True,
            "command-line": f"{TOOLS} run -i /input -o /output",
            "environment-variables": {f"LIVER_MRE_{name.upper()}": f"#{name.upper()}#" for name, *_ in OFFERED},
            "mounts": [
                {"name": "in", "writable": False, "path": "/input"},
                {"name": "out", "writable": True, "path": "/output"},
            ],
            "inputs": inputs,
            "outputs": [{"name": "results", "description": RESULTS, "required": True, "mount": "out"}],
            "xnat": [
                {
                    "name": f"{IMAGE}-session",
                    "label": "Measure liver stiffness",
                    "description": DESCRIPTION,
                    "contexts": ["xnat:mrSessionData"],
                    "external-inputs": [
                        {
                            "name": "session",
                            "description": "MR session",
                            "type": "Session",
                            "required": True,
                            "provides-files-for-command-mount": "in",
                        }
                    ],
                    "output-handlers": [
                        {
                            "name": "resource",
                            "accepts-command-output": "results",
                            "as-a-child-of": "session",
                            "type": "Resource",
                            "label": "LIVER_MRE",
                        }
                    ],
                }
            ],
        }
    ]


def labels(source: Source) -> dict[str, str]:
    """Return the labels of the image."""
    return {
        "base": "python:3.11-slim-bookworm",
        "tag": f"{IMAGE}:{source.version}",
        "org.opencontainers.image.title": source.app["title"],
        "org.opencontainers.image.description": DESCRIPTION,
        "org.opencontainers.image.version": source.version,
        "org.opencontainers.image.licenses": "Apache-2.0",
        "org.nvidia.holoscan": source.holoscan_version,
        "org.monai.deploy.app-sdk": source.sdk_version,
        "org.nrg.commands": json.dumps(xnat_commands(source), separators=(",", ":")),
    }


def files(source: Source, device: str = "cpu") -> dict[str, dict[str, Any]]:
    """Return the manifests that are files, by their path below the image's root."""
    return {
        "etc/holoscan/app.json": app_manifest(source),
        "etc/holoscan/pkg.json": package_manifest(source, device),
        "processing-container.json": kaapana_manifest(source),
        "flywheel/v0/manifest.json": flywheel_manifest(source),
    }


def generated_lines(source: Source) -> str:
    """Return the lines of the Dockerfile that set environment and labels."""
    environment = " \\\n    ".join(f"{name}={value}" for name, value in ENVIRONMENT.items())
    named = " \\\n    ".join(f"{name}={_quoted(value)}" for name, value in labels(source).items())
    return f"ENV {environment}\nLABEL {named}\n"


def _quoted(value: str) -> str:
    """Quote a value for a Dockerfile: it would expand `$` and end at a quotation mark."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$") + '"'


def with_generated_lines(dockerfile: str, source: Source) -> str:
    """Return the Dockerfile's text with the generated lines brought up to date."""
    head, rest = dockerfile.split(MARK)
    return head + MARK + generated_lines(source) + END + rest.split(END)[1]


def with_version(app_yaml: str, source: Source) -> str:
    """Return the text of app.yaml with the version brought up to date."""
    return re.sub(r"^  version: .*$", f"  version: {source.version}", app_yaml, count=1, flags=re.MULTILINE)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m container.manifests", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    write = commands.add_parser("write", help="write the manifests that are files")
    write.add_argument("root", type=Path)
    write.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    commands.add_parser("labels", help="bring the Dockerfile and app.yaml up to date")
    options = parser.parse_args(arguments)
    source = Source.read()
    if options.command == "write":
        for name, content in files(source, options.device).items():
            path: Path = options.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    else:
        for name, changed in (("Dockerfile", with_generated_lines), ("app.yaml", with_version)):
            path = ROOT / name
            path.write_text(changed(path.read_text(encoding="utf-8"), source), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
