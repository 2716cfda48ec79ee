"""Command line of the simulator: `python -m simulation example --out DIR`."""

from __future__ import annotations

import argparse
from pathlib import Path

from simulation.encodings import ENCODINGS
from simulation.encodings.modifiers import MODIFIERS
from simulation.encodings.transfer_syntax import TRANSFER_SYNTAXES, transcode
from simulation.exams.truth_file import write_truth
from simulation.planning.variety import STANDARD, VARIETIES
from simulation.types import Failure

EXAMPLE_SEED = 102  # an exam of average quality, stage F2
_FAILURES = tuple(str(cause) for cause in Failure if cause)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    options.command(parser, options)
    return 0


def _example(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    study: Path = options.out / "study"
    if study.exists() and any(study.iterdir()):
        parser.error(f"{study} is not empty. Choose another --out, or remove it first.")
    from simulation.exams.simulate import simulate_exam

    exam = simulate_exam(options.seed, variety=VARIETIES[options.variety], failure=options.failure)
    written = ENCODINGS[options.encoding](exam, study, modifiers=options.modifier)
    if options.transfer_syntax:
        transcode((file for series in written.series for file in series.files), options.transfer_syntax)
    truth = options.out / "truth.npz"
    write_truth(exam, truth, slice_z_mm=written.slice_z_mm)
    images = sum(series.images for series in written.series)
    print(f"Simulated study (seed {options.seed}): {len(written.series)} series, {images} images in {written.folder}")
    print(f"Truth (stage {exam.truth.stage}, liver {exam.truth.liver_stiffness_kpa:.2f} kPa): {truth}")


def _encodings(_: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    from simulation.encodings.page import encodings_page
    from simulation.exams.simulate import simulate_exam

    options.out.write_text(encodings_page(simulate_exam(options.seed)), encoding="utf-8")
    print(f"One simulated patient in every encoding, measured: {options.out}")


def _picture(_: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    from simulation.exams.picture import draw_page
    from simulation.exams.simulate import simulate_exam

    variety = VARIETIES[options.variety]
    draw_page([simulate_exam(seed, variety=variety, failure=cause) for seed, cause in options.seeds], options.out)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m simulation", description="Simulate MR elastography studies. Research use only."
    )
    commands = parser.add_subparsers(required=True)
    example = commands.add_parser("example", help="write one simulated study as DICOM, and its ground truth")
    example.set_defaults(command=_example)
    example.add_argument("--out", type=Path, required=True, metavar="DIR", help="holds DIR/study and DIR/truth.npz")
    _add_seed(example)
    example.add_argument(
        "--encoding", choices=sorted(ENCODINGS), default="siemens-gre", help="scanner (default: %(default)s)"
    )
    example.add_argument(
        "--modifier",
        choices=MODIFIERS,
        action="append",
        default=[],
        help="what happened to the study before it arrived; repeatable",
    )
    example.add_argument(
        "--transfer-syntax", choices=TRANSFER_SYNTAXES, help="of the files (default: explicit little endian)"
    )
    _add_variety(example)
    example.add_argument(
        "--failure", choices=_FAILURES, help="why the exam fails (default: random, as often as in the variety)"
    )
    text = "measure one simulated patient in every encoding, and write tables"
    encodings = commands.add_parser("encodings", help=text, description=text)
    encodings.set_defaults(command=_encodings)
    encodings.add_argument("--out", type=Path, required=True, metavar="FILE", help="Markdown file")
    _add_seed(encodings)
    picture = commands.add_parser("picture", help="draw simulated exams, one per row, as PNG")
    picture.set_defaults(command=_picture)
    picture.add_argument("--out", type=Path, required=True, metavar="FILE", help="PNG file")
    picture.add_argument(
        "--seeds",
        type=_seed_and_failure,
        nargs="+",
        default=[(EXAMPLE_SEED, None)],
        metavar="SEED[:CAUSE]",
        help=f"seeds, each with an optional cause of failure: {', '.join(_FAILURES)}",
    )
    _add_variety(picture)
    return parser


def _add_seed(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seed", type=_seed, default=EXAMPLE_SEED, help="not negative (default: %(default)s)")


def _add_variety(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--variety",
        choices=sorted(VARIETIES),
        default=STANDARD.name,
        help="standard: one scanner, ordinary patients; wide: many hospitals and patients (default: %(default)s)",
    )


def _seed_and_failure(text: str) -> tuple[int, str | None]:
    seed, _, cause = text.partition(":")
    if cause and cause not in _FAILURES:
        raise argparse.ArgumentTypeError(f"the cause must be one of {', '.join(_FAILURES)}")  # noqa: EM102, TRY003
    return _seed(seed), cause or None


def _seed(text: str) -> int:
    seed = int(text)
    if seed < 0:
        raise argparse.ArgumentTypeError("must be 0 or more")  # noqa: EM101, TRY003 - argparse prints it
    return seed


if __name__ == "__main__":
    raise SystemExit(main())
