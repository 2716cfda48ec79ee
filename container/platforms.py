"""Manifests of Kaapana (Task API), Flywheel (gear) and XNAT (command)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from container.source import DESCRIPTION, ENVIRONMENT, FLYWHEEL, IMAGE, INPUT, OFFERED, OUTPUT, RESULTS, TOOLS

if TYPE_CHECKING:
    from container.source import Source


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
    """Return `/flywheel/v0/manifest.json`: a gear whose input is a DICOM file or a zip of DICOM."""
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
    """Return the commands for XNAT's Container Service, which reads them from a label: one, for MR sessions."""
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
