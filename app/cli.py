"""The command line: `liver-mre run`, `check`, `qc` and `info`."""

from __future__ import annotations

import argparse
import importlib
import io
import logging
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from app.signals import block
from liver_mre.about import __version__
from liver_mre.errors import ExitCode, MreError

if TYPE_CHECKING:
    from collections.abc import Sequence

DESCRIPTION = """\
Liver stiffness and fibrosis stage from MR elastography, from DICOM to DICOM.
Research use only: not for diagnosis or treatment."""

DEVELOPMENT_HELP = """\
from a checkout of the sources also: simulate cohort, prepare, train, tune, evaluate, publish (docs/training.md),
livers, roi-study, interval-study (docs/roi.md), and for quality control
train-quality, evaluate-quality, calibrate-quality, publish-quality, refusal-study (docs/quality.md)"""

RUN_HELP = """\
Measure every study under IN and write, for each, a DICOM segmentation of the liver, a structured report and an
overlay picture into OUT, with result.json beside them."""

RUN_EXAMPLES = """\
examples:
  liver-mre run -i study -o results              one study, or a folder of many
  liver-mre run -i study -o results --preview    also the overlay as PNG
  liver-mre run -i study -o results --profile liang_2023
  liver-mre run -i study -o results --all        every acquisition, not only the one with most measurable liver
  liver-mre check study                          which series would be measured, and why

exit codes:
  0  done, also when an exam is not evaluable (its report says why)
  1  internal error
  2  wrong usage or settings
  3  no series that can be measured: none, several, or of unknown unit or confidence
  4  input that cannot be read: no DICOM, truncated files, missing slices, mixed patients
  5  model or device not usable
  6  output cannot be written"""

CHECK_HELP = """\
List every series under IN with the role it was given (stiffness, confidence, magnitude, phase, wave, colour, other)
and why it would or would not be measured, and every acquisition with the unit of its pixels. Reads headers only: no
inference, nothing written."""

QC_HELP = """\
Judge every slice of every acquisition under IN while the patient is still on the table: green, amber or red, the likely
cause and what to do. Nothing is measured. The exit code is 0 whatever the verdict. Research use only."""

INFO_HELP = """\
Show versions, models with their checksums, devices and staging profiles."""

LOG_LEVELS = ("debug", "info", "warning", "error")
DEVELOPMENT_WORDS = (
    "simulate",
    "prepare",
    "train",
    "tune",
    "evaluate",
    "publish",
    "livers",
    "roi-study",
    "interval-study",
    "train-quality",
    "evaluate-quality",
    "calibrate-quality",
    "publish-quality",
    "refusal-study",
)
SETTING_OPTIONS = ("profile", "device", "precision", "series", "all_acquisitions", "kpa_per_count", "preview")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line, by default with the arguments of this program, and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without "≥" must not fail a run
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] and given[0] in DEVELOPMENT_WORDS:
        return _develop(given)
    options = build_parser().parse_args(given)
    _set_up_logging(options.log_level)
    try:
        return int(options.command(options))
    except MreError as error:
        print(f"liver-mre: {error}", file=sys.stderr)
        return int(error.exit_code)
    except KeyboardInterrupt:
        print("liver-mre: interrupted, nothing was written", file=sys.stderr)
        return ExitCode.INTERNAL


def script(*before: str) -> NoReturn:
    """Run the command line as a program, with the arguments `before` those of the program.

    Leaves without the interpreter's teardown: by then everything is written, and unloading Holoscan and OpenVINO would
    only keep the caller waiting for another half second.
    """
    given = [*before, *sys.argv[1:]]
    if given[:1] == ["run"]:
        block()
    code = main(given)
    with suppress(OSError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


def _develop(given: list[str]) -> int:
    """Run a command of simulation, training or evaluation, which only a checkout of the sources has."""
    root = Path(__file__).resolve().parent.parent
    if not (root / "training" / "__main__.py").is_file():
        print(f"liver-mre: `{given[0]}` needs a checkout of the sources with requirements-dev.txt", file=sys.stderr)
        return ExitCode.USAGE
    sys.path.insert(0, str(root))  # the development side is no installed package
    return int(importlib.import_module("training.__main__").main(given, prog="liver-mre"))


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = argparse.ArgumentParser(
        prog="liver-mre", description=DESCRIPTION, epilog=DEVELOPMENT_HELP, formatter_class=_Raw
    )
    parser.add_argument("--version", action="version", version=f"liver-mre {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_run(commands)
    _add_check(commands)
    _add_qc(commands)
    _add_info(commands)
    return parser


class _Raw(argparse.RawDescriptionHelpFormatter):
    """Keep line breaks of descriptions and examples."""


def _add_run(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    run = commands.add_parser(
        "run", help="measure studies", description=RUN_HELP, epilog=RUN_EXAMPLES, formatter_class=_Raw
    )
    run.add_argument("-i", "--input", type=Path, metavar="IN", help="folder of DICOM studies (or HOLOSCAN_INPUT_PATH)")
    run.add_argument("-o", "--output", type=Path, metavar="OUT", help="folder for results (or HOLOSCAN_OUTPUT_PATH)")
    run.add_argument("--profile", metavar="NAME", help="staging profile; `liver-mre info` lists them")
    run.add_argument("--device", metavar="auto|cpu|cuda:N", help="where the network runs (default: auto)")
    run.add_argument("--precision", choices=("auto", "f32", "bf16"), help="of inference on the CPU (default: auto)")
    run.add_argument("--preview", action="store_true", default=None, help="also write the overlay as preview.png")
    run.add_argument("--series", metavar="UID", help="the series to measure, where several could be")
    run.add_argument(
        "--all", dest="all_acquisitions", action="store_true", default=None, help="report every acquisition of a study"
    )
    run.add_argument("--kpa-per-count", metavar="KPA", help="override the unit of the pixels; recorded in every output")
    run.add_argument("--quiet", action="store_true", help="no progress and no summary; errors only")
    _add_common(run)
    run.set_defaults(command=_run)


def _add_check(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    check = commands.add_parser(
        "check", help="list the series of studies and their roles", description=CHECK_HELP, formatter_class=_Raw
    )
    check.add_argument("input", type=Path, metavar="IN", help="folder of DICOM studies")
    check.add_argument("--series", metavar="UID", help="the series to measure, where several could be")
    check.add_argument("--kpa-per-count", metavar="KPA", help="override the unit of the pixels")
    check.add_argument("--json", action="store_true", help="print JSON instead of tables")
    _add_common(check)
    check.set_defaults(command=_check)


def _add_qc(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    qc = commands.add_parser("qc", help="judge the quality of acquisitions", description=QC_HELP, formatter_class=_Raw)
    qc.add_argument("input", type=Path, metavar="IN", help="folder of DICOM studies")
    qc.add_argument("--pictures", type=Path, metavar="DIR", help="also write a picture of every acquisition as PNG")
    qc.add_argument("--series", metavar="UID", help="the series to judge, where several could be measured")
    qc.add_argument("--json", action="store_true", help="print JSON instead of tables")
    _add_common(qc)
    qc.set_defaults(command=_qc)


def _add_info(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    info = commands.add_parser("info", help="show versions, models, devices, profiles", description=INFO_HELP)
    info.add_argument("--json", action="store_true", help="print JSON instead of tables")
    _add_common(info)
    info.set_defaults(command=_info)


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings file (default: app.yaml)")
    parser.add_argument("--log-level", choices=LOG_LEVELS, default="warning", help="of the log on stderr")


# The commands import what they need only when they run: `--help` answers at once.


def _run(options: argparse.Namespace) -> int:
    from app.run import run

    return run(options.input, options.output, options.config, _given(options), quiet=options.quiet)


def _check(options: argparse.Namespace) -> int:
    from app.check import check

    return check(options.input, options.config, _given(options), as_json=options.json)


def _qc(options: argparse.Namespace) -> int:
    from app.qc import qc

    return qc(options.input, options.config, _given(options), as_json=options.json, pictures=options.pictures)


def _info(options: argparse.Namespace) -> int:
    from app.info import info

    return info(options.config, as_json=options.json)


def _given(options: argparse.Namespace) -> dict[str, object]:
    """Return the settings that the user gave on the command line."""
    values = {name: getattr(options, name, None) for name in SETTING_OPTIONS}
    return {name: value for name, value in values.items() if value is not None}


def _set_up_logging(level: str) -> None:
    logging.basicConfig(level=level.upper(), format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    if level == "debug":
        os.environ.setdefault("HOLOSCAN_LOG_LEVEL", "DEBUG")
