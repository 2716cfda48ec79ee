"""Finds the independent DICOM tools that the tests compare with, and skips plainly where one is missing."""

from __future__ import annotations

import os
import subprocess
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence

DEBIAN_PACKAGE = {
    "dciodvfy": "dicom3tools",
    "dcentvfy": "dicom3tools",
    "DicomSRValidator": "pixelmed-apps",
    "dsrdump": "dcmtk",
}
DCMQI = ("tid1500reader", "segimage2itkimage")

# The validator's rules need more XPath operations than Java 17 allows by default; for runs this short, compiling
# the Java code thoroughly costs more time than it saves.
_JAVA_OPTIONS = " ".join(
    [
        *(f"-Djdk.xml.xpath{limit}Limit=0" for limit in ("TotalOp", "ExprOp", "ExprGrp")),
        "-XX:TieredStopAtLevel=1",
        "-XX:+UseSerialGC",
    ]
)


def debian_tool(name: str) -> Path:
    """Return a tool's path in /usr/bin, or skip the test.

    Only there: Python packages put other programs with the same names into a virtual environment.
    """
    path = Path("/usr/bin") / name
    if not path.exists():
        pytest.skip(f"{name} is not installed (Debian package {DEBIAN_PACKAGE[name]})")
    return path


def dcmqi_tool(name: str) -> Path:
    """Return the path of one of dcmqi's programs in the running environment, or skip the test."""
    path = Path(sysconfig.get_path("scripts")) / name
    if not path.exists():
        pytest.skip(f"{name} is not installed (Python package dcmqi==1.5.7)")
    return path


def run(command: Sequence[str | Path]) -> str:
    """Run a tool and return what it printed on both streams; tools report errors in words, not by exit status."""
    environment = {**os.environ, "JAVA_TOOL_OPTIONS": _JAVA_OPTIONS}
    done = subprocess.run(
        [str(part) for part in command],
        check=False,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",  # some tools quote values in the character set of the file
        timeout=300,
    )
    return done.stdout


def errors(output: str) -> list[str]:
    """Return the lines of a validator's output that report an error."""
    return [line for line in output.splitlines() if line.lstrip().lower().startswith("error")]
