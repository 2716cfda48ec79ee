"""The command line: `liver-mre run`, `check`, `qc` and `info`."""

from __future__ import annotations

import argparse
import importlib
import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from app import logs
from app.console import visible
from app.signals import block
from app.streams import divert_libraries, flush_streams, keep_streams
from liver_mre.about import __version__
from liver_mre.errors import ExitCode, MreError
from liver_mre.liver.processors import usable_processors
from liver_mre.workflow.outcome import internal_error

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


def _path(text: str) -> Path:
    """Return a path; refuse an empty one, which would be the working folder: `-i "$UNSET"` must not measure that."""
    if not text:
        message = "must not be empty"
        raise argparse.ArgumentTypeError(message)
    return Path(text)


KEEP_LINES = argparse.RawDescriptionHelpFormatter
SHARED_OPTIONS: dict[str, dict[str, Any]] = {
    "input": {"type": _path, "metavar": "IN", "help": "folder of DICOM studies"},
    "--series": {"metavar": "UID", "help": "consider only the acquisition of this stiffness series"},
    "--kpa-per-count": {"metavar": "KPA", "help": "override the scanner's unit: kPa of one count; recorded in results"},
    "--json": {"action": "store_true", "help": "print JSON instead of tables"},
    "--config": {"type": _path, "metavar": "FILE", "help": "settings file (default: app.yaml)"},
    "--log-level": {
        "choices": logs.LEVELS,
        "help": "of the log on stderr (default: info, on a terminal warning; error if quiet)",
    },
    "--log-format": {
        "choices": logs.FORMATS,
        "default": "text",
        "help": "of the log on stderr; json is one object a line (default: text)",
    },
}
DEVELOPMENT_WORDS = (
    *("simulate", "prepare", "train", "tune", "evaluate", "publish", "livers", "roi-study", "interval-study"),
    *("train-quality", "evaluate-quality", "calibrate-quality", "publish-quality", "refusal-study"),
)
SETTING_OPTIONS = ("profile", "device", "precision", "series", "all_acquisitions", "kpa_per_count", "preview")


log = logging.getLogger(__name__)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line, by default with the arguments of this program, and return its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] and given[0] in DEVELOPMENT_WORDS:
        return _develop(given)
    options = build_parser().parse_args(given)
    _set_up_logging(options)
    try:
        return int(options.command(options))
    except MreError as error:
        logs.complain(str(error))
        return int(error.exit_code)
    except KeyboardInterrupt:
        logs.complain("interrupted")
        return ExitCode.INTERNAL
    except Exception as error:  # a bug; its text and traceback may quote the input
        log.debug("the command failed", exc_info=True)
        reason = internal_error(error)
        logs.complain(reason.message)
        return int(reason.exit_code)


def script(*before: str) -> NoReturn:
    """Run the command line as a program; the arguments `before` precede its own.

    Skips the interpreter's teardown: everything is written by then, and unloading Holoscan and OpenVINO takes half a
    second.
    """
    keep_streams()
    # Read when numpy is imported; linear algebra counts the processors of the machine, whatever the container may use.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", str(usable_processors()))
    given = [*before, *sys.argv[1:]]
    if given[:1] == ["run"]:
        block()
    if not (given and given[0] in DEVELOPMENT_WORDS):
        logs.log_uncaught()
    try:
        code = main(given)
    except SystemExit as ended:  # of the parser: its help, or a wrong option
        code = ended.code if isinstance(ended.code, int) else int(ExitCode.USAGE)
    if lost := flush_streams():
        logs.complain(f"What was printed is incomplete ({lost}); the exit code is that of the command.")
    os._exit(code)


def _develop(given: list[str]) -> int:
    """Run a command of simulation, training or evaluation, which only a checkout of the sources has."""
    root = Path(__file__).resolve().parent.parent
    if not (root / "training" / "__main__.py").is_file():
        logs.complain(f"`{given[0]}` needs a checkout of the sources and requirements-dev.txt")
        return ExitCode.USAGE
    sys.path.insert(0, str(root))  # training is not an installed package
    return int(importlib.import_module("training.__main__").main(given, prog="liver-mre"))


class Parser(argparse.ArgumentParser):
    """A parser whose messages, which quote arguments, cannot steer a terminal."""

    def error(self, message: str) -> NoReturn:
        """End with exit code 2, usage and what is wrong."""
        super().error(visible(message))


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = Parser(prog="liver-mre", description=DESCRIPTION, epilog=DEVELOPMENT_HELP, formatter_class=KEEP_LINES)
    parser.add_argument("--version", action="version", version=f"liver-mre {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_run(commands)
    _add_check(commands)
    _add_qc(commands)
    _add_info(commands)
    return parser


def _add_run(commands: argparse._SubParsersAction[Parser]) -> None:
    run = commands.add_parser(
        "run", help="measure studies", description=RUN_HELP, epilog=RUN_EXAMPLES, formatter_class=KEEP_LINES
    )
    run.add_argument("-i", "--input", type=_path, metavar="IN", help="folder of DICOM studies (or HOLOSCAN_INPUT_PATH)")
    run.add_argument("-o", "--output", type=_path, metavar="OUT", help="folder for results (or HOLOSCAN_OUTPUT_PATH)")
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


def _add_check(commands: argparse._SubParsersAction[Parser]) -> None:
    words = "list series and whether they would be measured"
    check = commands.add_parser("check", help=words, description=CHECK_HELP, formatter_class=KEEP_LINES)
    _finish(check, _check, "input", "--series", "--kpa-per-count", "--json")


def _add_qc(commands: argparse._SubParsersAction[Parser]) -> None:
    qc = commands.add_parser("qc", help="judge image quality", description=QC_HELP, formatter_class=KEEP_LINES)
    qc.add_argument("--pictures", type=_path, metavar="DIR", help="also write a picture of every acquisition as PNG")
    _finish(qc, _qc, "input", "--series", "--json")


def _add_info(commands: argparse._SubParsersAction[Parser]) -> None:
    info = commands.add_parser("info", help="show versions, models, devices, profiles", description=INFO_HELP)
    _finish(info, _info, "--json")


def _finish(parser: argparse.ArgumentParser, command: Callable[[argparse.Namespace], int], *options: str) -> None:
    """Add options that several commands have, and what a command calls."""
    for option in (*options, "--config", "--log-level", "--log-format"):
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


def _set_up_logging(options: argparse.Namespace) -> None:
    """Set up the log; without a terminal it is kept, so that it tells by default which steps a good run took."""
    quiet = "error" if getattr(options, "quiet", False) else ""
    level = options.log_level or quiet or ("warning" if sys.stderr.isatty() else "info")
    logs.set_up_logging(level, options.log_format)
    divert_libraries(heard=level == "debug" and options.log_format == "text")
    if options.log_format == "json":
        os.environ["HOLOSCAN_LOG_LEVEL"] = "OFF"  # Holoscan writes lines of its own, and they are no JSON
    elif level == "debug":
        os.environ.setdefault("HOLOSCAN_LOG_LEVEL", "DEBUG")
