"""The data that all manifests are generated from: `app.yaml`, model cards, package lock and version."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

ROOT: Final = Path(__file__).resolve().parent.parent
IMAGE: Final = "liver-mre"
DESCRIPTION: Final = "Liver stiffness and fibrosis stage from MR elastography. Research use only."
RESULTS: Final = "SEG, SR, overlay, result.json"
TOOLS: Final = "/var/holoscan/tools"
INPUT, OUTPUT = "/var/holoscan/input", "/var/holoscan/output"
MODELS: Final = "/opt/holoscan/models"
FLYWHEEL: Final = "/flywheel/v0"

# Variables that the MAP specification requires, and those that this application adds.
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
    "LIVER_MRE_QUALITY_DIR": f"{MODELS}/quality_control",
    "PYTHONPATH": "/opt/holoscan/app",
    "PYTHONSAFEPATH": "1",  # nothing is imported from the working folder, which may be the input
    "PYTHONDONTWRITEBYTECODE": "1",
    "HOME": "/tmp",  # noqa: S108  (the only folder of the container that every user can write to)
}

# Settings that platforms offer in a form: name, type, default, description.
OFFERED: Final = (
    ("profile", "string", "resoundant_2019", "Staging profile: resoundant_2019, wu_2015 or liang_2023"),
    ("preview", "boolean", "false", "Also write the overlay as PNG"),
    ("series", "string", "", "UID of the stiffness series to measure, if there are several"),
)


@dataclass(frozen=True, slots=True)
class Source:
    """The data that the manifests are generated from.

    Attributes
    ----------
    app, resources : sections of app.yaml, `application` and `resources`
    models : folder names of the models, by the name on their card
    version : version of the application, set in `liver_mre/about.py` only
    sdk_version, holoscan_version : versions of the MONAI Deploy SDK and of Holoscan in the package lock
    """

    app: dict[str, Any]
    resources: dict[str, Any]
    models: dict[str, str]
    version: str
    sdk_version: str
    holoscan_version: str

    @classmethod
    def read(cls, root: Path = ROOT) -> Source:
        """Read the data from the repository."""
        content = yaml.safe_load((root / "app.yaml").read_text(encoding="utf-8"))
        cards = sorted((root / "models").glob("*/card.json"))
        lock = (root / "container" / "requirements.lock").read_text(encoding="utf-8")
        return cls(
            app=content["application"],
            resources=content["resources"],
            models={json.loads(card.read_text(encoding="utf-8"))["name"]: card.parent.name for card in cards},
            version=_find(r'^__version__ = "(.+)"', (root / "liver_mre" / "about.py").read_text(encoding="utf-8")),
            sdk_version=_find(r"^monai-deploy-app-sdk==(\S+)", lock),
            holoscan_version=_find(r"^holoscan-cu\d+==(\S+)", lock),
        )


def _find(pattern: str, text: str) -> str:
    found = re.search(pattern, text, re.MULTILINE)
    if found is None:
        message = f"nothing matches {pattern}"
        raise ValueError(message)
    return found[1]
