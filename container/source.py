"""What everything about the image is made from: `app.yaml`, the model cards, the package lock and the version."""

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
    "LIVER_MRE_QUALITY_DIR": f"{MODELS}/quality_control",
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
