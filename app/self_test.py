"""Measure the simulated example and compare the result with that of the release: `python -m app.self_test STUDY`.

The run is an ordinary one with the settings that ship; only device, precision and the folders of the models are those
of the site. The expected values are `app/data/self_test.json`. Exit code 0 if all agree, 1 if one does not, else that
of the run.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from liver_mre.errors import ExitCode, MreError
from liver_mre.studies.typed_json import Fields, read_json

ROOT: Final = Path(__file__).resolve().parent.parent
EXPECTED: Final = Path(__file__).resolve().parent / "data" / "self_test.json"
OF_THE_SITE: Final = ("LIVER_MRE_DEVICE", "LIVER_MRE_PRECISION", "LIVER_MRE_MODEL_DIR", "LIVER_MRE_QUALITY_DIR")
"""Settings that say on what and with what it is measured; all others would change what is measured."""
ABSENT: Final = "nothing"


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a release measured in the example.

    Attributes
    ----------
    study : how the example is made
    relative_tolerance : of numbers. Ours: processors without bfloat16 round the networks' outputs otherwise
    values : text, number or truth by place in `result.json`, such as "studies.0.status"
    """

    study: str
    relative_tolerance: float
    values: dict[str, Any]


def load_expectation(path: Path = EXPECTED) -> Expectation:
    """Read the expected values; raises `MreError` if they cannot be read."""
    where = "file of expected values"
    fields = Fields(read_json(path, where, MreError, advice="Install the application again."), where, MreError)
    fields.check_schema()
    found = Expectation(fields.text("study"), fields.positive("relative_tolerance"), fields.mapping("expected"))
    fields.finish()
    return found


def value_at(content: object, place: str) -> object:
    """Return the value at a place such as "studies.0.status", or `ABSENT`."""
    for step in place.split("."):
        if isinstance(content, list) and step.isdigit() and int(step) < len(content):
            content = content[int(step)]
        elif isinstance(content, dict) and step in content:
            content = content[step]
        else:
            return ABSENT
    return content


def agrees(found: object, expected: object, relative_tolerance: float) -> bool:
    """Tell whether a value is the expected one: a number within the tolerance, anything else exactly."""
    if isinstance(expected, float):
        number = isinstance(found, int | float) and not isinstance(found, bool)
        return number and math.isclose(float(found), expected, rel_tol=relative_tolerance)  # type: ignore[arg-type]
    return type(found) is type(expected) and found == expected


def compare(result: object, expectation: Expectation) -> list[str]:
    """Return a line for every value that is not the expected one."""
    tolerance = expectation.relative_tolerance
    return [
        f"{place}: {found}, expected {expected}" + (f" within {tolerance:.0%}" if isinstance(expected, float) else "")
        for place, expected in expectation.values.items()
        if not agrees(found := value_at(result, place), expected, tolerance)
    ]


def measure(study: Path, out: Path) -> int:
    """Measure the example as a program of its own, and return its exit code."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LIVER_MRE_", "MERCURE_"))}
    kept |= {name: os.environ[name] for name in OF_THE_SITE if name in os.environ}
    command = [sys.executable, "-m", "app", "-i", str(study.resolve()), "-o", str(out), "--quiet"]
    command += ["--config", str(ROOT / "app.yaml")]
    return subprocess.run(command, cwd=ROOT, env=kept, check=False).returncode  # noqa: S603


def main(arguments: list[str] | None = None) -> int:
    """Run the self-test and return its exit code."""
    parser = argparse.ArgumentParser(prog="self-test", description="Compare this installation with the release.")
    parser.add_argument("study", type=Path, metavar="STUDY", help="the simulated example")
    study: Path = parser.parse_args(arguments).study
    expectation = load_expectation()
    with tempfile.TemporaryDirectory(prefix="liver-mre-self-test-") as folder:
        code = measure(study, Path(folder))
        if code:
            print(f"Self-test FAILED: the example could not be measured (exit code {code}).")
            return code
        result = json.loads((Path(folder) / "result.json").read_text(encoding="utf-8"))
    wrong = compare(result, expectation)
    for line in wrong:
        print(f"  {line}")
    mean = value_at(result, "studies.0.measurement.stiffness_kpa.mean")
    if wrong:
        print(f"Self-test FAILED: {len(wrong)} of {len(expectation.values)} values are not those of the release.")
        return ExitCode.INTERNAL
    print(f"Self-test passed: {len(expectation.values)} values are those of the release ({mean} kPa).")
    return ExitCode.DONE


if __name__ == "__main__":
    sys.exit(main())
