"""Build and run the image with Docker or podman, for `make image` and the tests.

`python -m container.engine build TAG [ARGUMENT ...]` builds the repository; further arguments go to the engine.

Without an engine, the script that CONTAINER_LAB names can stand in, by default `../shared/tools/container-lab` beside
the repository. It brings its own podman and has the commands `setup`, `build CONTEXT TAG`, `podman ...`,
`registry CMD ...` and `socket CMD ...`. It pulls nothing: it makes a base image locally, whose digest the Dockerfile
cannot name.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
LAB: Final = ROOT.parent / "shared" / "tools" / "container-lab"
BASE: Final = "PYTHON_IMAGE"
STAND_IN: Final = "python:3.11-slim-bookworm"


@dataclass(frozen=True, slots=True)
class Engine:
    """How images are built and run here.

    Attributes
    ----------
    command : start of every command line, such as ("docker",)
    lab : the script that stands in for an engine; None with an engine
    """

    command: tuple[str, ...]
    lab: Path | None = None

    @property
    def is_docker(self) -> bool:
        """Whether the engine is Docker."""
        return self.command == ("docker",)

    def run(self, *arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
        """Run one of the engine's commands; `options` are those of `subprocess.run`."""
        settings = {"text": True, "capture_output": True, "check": False} | options
        return subprocess.run([*self.command, *arguments], **settings)  # type: ignore[call-overload,no-any-return]  # noqa: S603, PLW1510

    def build(self, context: Path, tag: str, *arguments: str) -> int:
        """Build a folder's Dockerfile and return the engine's exit code."""
        if self.lab is None:
            command = [*self.command, "build", "-t", tag, *arguments, str(context)]
        else:
            subprocess.run([self.lab, "setup"], check=True)  # noqa: S603
            base = [] if any(BASE in argument for argument in arguments) else ["--build-arg", f"{BASE}={STAND_IN}"]
            command = [str(self.lab), "build", str(context), tag, *base, *arguments]
        return subprocess.run(command, check=False).returncode  # noqa: S603


def find_engine() -> Engine | None:
    """Return Docker if it answers, else the stand-in if there is one, else podman, else None."""
    if shutil.which("docker") and _answers("docker", "info"):
        return Engine(("docker",))
    lab = Path(os.environ.get("CONTAINER_LAB") or LAB)
    if lab.is_file() and os.access(lab, os.X_OK):
        return Engine((str(lab), "podman"), lab)
    return Engine(("podman",)) if shutil.which("podman") else None


def _answers(*command: str) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0  # noqa: S603


def main(arguments: list[str]) -> int:
    """Build the image."""
    match arguments:
        case ["build", tag, *more]:
            engine = find_engine()
            if engine is None:
                print("No image was built: there is neither Docker nor podman.", file=sys.stderr)  # noqa: T201
                return 0 if os.environ.get("CI") else 1
            return engine.build(ROOT, tag, *more)
        case _:
            print(__doc__, file=sys.stderr)  # noqa: T201
            return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
