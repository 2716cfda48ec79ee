"""Generate the image's manifests from `app.yaml`, the model cards and the version.

`python -m container.manifests write ROOT` writes the manifest files below the image's root; the Dockerfile calls it.
`python -m container.manifests labels` updates the labels in the Dockerfile and the version in `app.yaml`; a test fails
if they are out of date.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from typing import Any, Final

from container.platforms import flywheel_manifest, kaapana_manifest, xnat_commands
from container.source import DESCRIPTION, ENVIRONMENT, IMAGE, INPUT, MODELS, OUTPUT, ROOT, TOOLS, Source

API_VERSION: Final = "1.0.0"
MARK: Final = "# Generated from app.yaml by `make manifests`:\n"
END: Final = "# End of what is generated.\n"


def app_manifest(source: Source) -> dict[str, Any]:
    """Return `/etc/holoscan/app.json`: how to call the application."""
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
    """Return `/etc/holoscan/pkg.json`: content and requirements of the package; `device` is "cpu" or "cuda"."""
    wanted = source.resources | ({"gpu": 1, "gpuMemory": "4Gi"} if device == "cuda" else {})
    return {
        "apiVersion": API_VERSION,
        "applicationRoot": "/opt/holoscan/app",
        "modelRoot": MODELS,
        "models": {name: f"{MODELS}/{folder}" for name, folder in source.models.items()},
        "resources": {
            **{name: wanted[name] for name in ("cpu", "gpu", "memory", "gpuMemory")},
            "sharedMemory": "64Mi",
        },
        "version": source.version,
        "platformConfig": "dgpu" if device == "cuda" else "cpu",
    }


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
    """Return the manifest files by their path below the image's root."""
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
    """Quote a value for a Dockerfile, which expands `$`."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$") + '"'


def with_generated_lines(dockerfile: str, source: Source) -> str:
    """Return the Dockerfile's text with the generated lines updated."""
    head, rest = dockerfile.split(MARK)
    return head + MARK + generated_lines(source) + END + rest.split(END)[1]


def with_version(app_yaml: str, source: Source) -> str:
    """Return the text of app.yaml with the version updated."""
    return re.sub(r"^  version: .*$", f"  version: {source.version}", app_yaml, count=1, flags=re.MULTILINE)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m container.manifests", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    write = commands.add_parser("write", help="write the manifest files")
    write.add_argument("root", type=Path)
    write.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    commands.add_parser("labels", help="update the Dockerfile and app.yaml")
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
