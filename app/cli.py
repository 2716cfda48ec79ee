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
from typing import TYPE_CHECKING, Any, NoReturn

from app.signals import block
from liver_mre.about import __version__
from liver_mre.errors import ExitCode, MreError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

DESCRIPTION = """\
Measure liver stiffness and stage fibrosis from MR elastography: DICOM in, DICOM out.
Research use only: not for diagnosis or treatment."""

DEVELOPMENT_HELP = """\
for developers, in a checkout of the sources:
  simulate cohort, prepare, train, tune, evaluate, publish (docs/training.md)
  livers, roi-study, interval-study (docs/roi.md)
  train-quality, evaluate-quality, calibrate-quality, publish-quality, refusal-study (docs/quality.md)"""

RUN_HELP = """\
Measure every study under IN. OUT gets result.json with all numbers and, for each study, a folder with a DICOM
segmentation of the liver, a structured report and an overlay picture."""

RUN_EXAMPLES = """\
examples:
  liver-mre run -i study -o results              one study, or a folder of many
  liver-mre run -i study -o results --preview    also write the overlay as PNG
  liver-mre run -i study -o results --profile liang_2023
  liver-mre run -i study -o results --all        report every acquisition, not only the one with most measured liver
  liver-mre run -i studies -o results --resume   go on with a batch that was stopped or killed
  liver-mre check study                          show which series would be measured, and why

exit codes:
  0  done; also if an exam is not evaluable (its report says why)
  1  internal error, or the run was stopped
  2  wrong option, setting or path
  3  no measurable series: no MR elastography, an ambiguous choice, unknown unit or confidence, implausible stiffness
  4  unusable input: no DICOM, truncated files, missing slices, lossy compression, mixed patients
  5  model or device cannot be used
  6  output cannot be written
with several studies, the most severe failure decides; the other studies are still published"""

CHECK_HELP = """\
List every series under IN with its role (stiffness, confidence, magnitude, phase, wave, colour, other), whether it
would be measured and why, and every acquisition with the unit of its pixels. Reads headers only and writes nothing;
the exit code is what a run would give as far as headers tell."""

QC_HELP = """\
Judge the image quality of every slice under IN while the patient is still on the table: green, amber or red, likely
cause and what to do. No stiffness is reported. The exit code is 0 whatever the verdict. Research use only."""

INFO_HELP = (
    "Show versions, models with their checksums, devices and staging profiles. Exit code 5 if a model is unusable."
)

KEEP_LINES = argparse.RawDescriptionHelpFormatter
SHARED_OPTIONS: dict[str, dict[str, Any]] = {
    "input": {"type": Path, "metavar": "IN", "help": "folder of DICOM studies"},
    "--series": {"metavar": "UID", "help": "consider only the acquisition of this stiffness series"},
    "--kpa-per-count": {"metavar": "KPA", "help": "override the scanner's unit: kPa of one count; recorded in results"},
    "--json": {"action": "store_true", "help": "print JSON instead of tables"},
    "--config": {"type": Path, "metavar": "FILE", "help": "settings file (default: app.yaml)"},
    "--log-level": {
        "choices": ("debug", "info", "warning", "error"),
        "default": "warning",
        "help": "of the log on stderr (default: warning)",
    },
}
DEVELOPMENT_WORDS = (
    *("simulate", "prepare", "train", "tune", "evaluate", "publish", "livers", "roi-study", "interval-study"),
    *("train-quality", "evaluate-quality", "calibrate-quality", "publish-quality", "refusal-study"),
)
SETTING_OPTIONS = ("profile", "device", "precision", "series", "all_acquisitions", "kpa_per_count", "preview")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line, by default with the arguments of this program, and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that cannot print "≥" must not fail a run
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
        print("liver-mre: interrupted; nothing was written", file=sys.stderr)
        return ExitCode.INTERNAL


def script(*before: str) -> NoReturn:
    """Run the command line as a program; the arguments `before` precede its own.

    Skips the interpreter's teardown: everything is written by then, and unloading Holoscan and OpenVINO takes half a
    second.
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
        print(f"liver-mre: `{given[0]}` needs a checkout of the sources and requirements-dev.txt", file=sys.stderr)
        return ExitCode.USAGE
    sys.path.insert(0, str(root))  # training is not an installed package
    return int(importlib.import_module("training.__main__").main(given, prog="liver-mre"))


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = argparse.ArgumentParser(
        prog="liver-mre", description=DESCRIPTION, epilog=DEVELOPMENT_HELP, formatter_class=KEEP_LINES
    )
    parser.add_argument("--version", action="version", version=f"liver-mre {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_run(commands)
    _add_check(commands)
    _add_qc(commands)
    _add_info(commands)
    return parser


def _add_run(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    run = commands.add_parser(
        "run", help="measure studies", description=RUN_HELP, epilog=RUN_EXAMPLES, formatter_class=KEEP_LINES
    )
    run.add_argument("-i", "--input", type=Path, metavar="IN", help="folder of DICOM studies (or HOLOSCAN_INPUT_PATH)")
    run.add_argument("-o", "--output", type=Path, metavar="OUT", help="folder for results (or HOLOSCAN_OUTPUT_PATH)")
    run.add_argument("--profile", metavar="NAME", help="staging profile; `liver-mre info` lists them")
    run.add_argument("--device", metavar="auto|cpu|cuda:N", help="where the network runs (default: auto)")
    run.add_argument("--precision", choices=("auto", "f32", "bf16"), help="of the network on the CPU (default: auto)")
    run.add_argument("--preview", action="store_true", default=None, help="also write the overlay as preview.png")
    run.add_argument(
        "--all", dest="all_acquisitions", action="store_true", default=None, help="report every acquisition of a study"
    )
    run.add_argument(
        "--resume",
        action="store_true",
        help="keep what an earlier run published of the same input, made in the same way",
    )
    run.add_argument("--quiet", action="store_true", help="print errors only, no progress and no summary")
    _finish(run, _run, "--series", "--kpa-per-count")


def _add_check(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    words = "list series and whether they would be measured"
    check = commands.add_parser("check", help=words, description=CHECK_HELP, formatter_class=KEEP_LINES)
    _finish(check, _check, "input", "--series", "--kpa-per-count", "--json")


def _add_qc(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    qc = commands.add_parser("qc", help="judge image quality", description=QC_HELP, formatter_class=KEEP_LINES)
    qc.add_argument("--pictures", type=Path, metavar="DIR", help="also write a picture of every acquisition as PNG")
    _finish(qc, _qc, "input", "--series", "--json")


def _add_info(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    info = commands.add_parser("info", help="show versions, models, devices, profiles", description=INFO_HELP)
    _finish(info, _info, "--json")


def _finish(parser: argparse.ArgumentParser, command: Callable[[argparse.Namespace], int], *options: str) -> None:
    """Add options that several commands have, and what a command calls."""
    for option in (*options, "--config", "--log-level"):
        parser.add_argument(option, **SHARED_OPTIONS[option])
    parser.set_defaults(command=command)


# Each command imports what it needs when it runs, so that `--help` answers at once.


def _run(options: argparse.Namespace) -> int:
    from app.run import run

    return run(
        options.input, options.output, options.config, _given(options), quiet=options.quiet, resume=options.resume
    )


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
    """Return the settings given on the command line."""
    values = {name: getattr(options, name, None) for name in SETTING_OPTIONS}
    return {name: value for name, value in values.items() if value is not None}


def _set_up_logging(level: str) -> None:
    logging.basicConfig(level=level.upper(), format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    if level == "debug":
        os.environ.setdefault("HOLOSCAN_LOG_LEVEL", "DEBUG")
