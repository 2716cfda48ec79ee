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


def _encodings(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    del parser
    from simulation.encodings.page import encodings_page
    from simulation.exams.simulate import simulate_exam

    options.out.write_text(encodings_page(simulate_exam(options.seed)), encoding="utf-8")
    print(f"Every encoding of one simulated patient, measured: {options.out}")


def _picture(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    del parser
    from simulation.exams.picture import draw_page
    from simulation.exams.simulate import simulate_exam

    variety = VARIETIES[options.variety]
    draw_page([simulate_exam(seed, variety=variety, failure=cause) for seed, cause in options.seeds], options.out)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m simulation", description="Make simulated MR elastography studies. Research use only."
    )
    commands = parser.add_subparsers(required=True)
    example = commands.add_parser(
        "example",
        help="write one simulated study as DICOM, and the truth beside it",
        description="Write one simulated study to DIR/study as DICOM, and what the simulator knows to DIR/truth.npz.",
    )
    example.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to write to")
    example.add_argument("--seed", type=_seed, default=EXAMPLE_SEED, help="seed, 0 or more (default: %(default)s)")
    example.add_argument(
        "--encoding",
        choices=sorted(ENCODINGS),
        default="siemens-gre",
        help="the scanner whose files are imitated (default: %(default)s)",
    )
    example.add_argument(
        "--modifier",
        choices=MODIFIERS,
        action="append",
        default=[],
        help="what became of the study before it arrived; may be given several times",
    )
    example.add_argument(
        "--transfer-syntax",
        choices=TRANSFER_SYNTAXES,
        help="how the files are encoded (default: explicit little endian)",
    )
    _add_variety(example)
    example.add_argument("--failure", choices=_FAILURES, help="why the exam fails (default: as the variety has it)")
    example.set_defaults(command=_example)
    encodings = commands.add_parser(
        "encodings",
        help="measure one simulated patient in every encoding, and write a page with tables",
        description="Write one simulated patient in every encoding, measure each, and write a page with tables.",
    )
    encodings.add_argument("--out", type=Path, required=True, metavar="FILE", help="the page, Markdown")
    encodings.add_argument("--seed", type=_seed, default=EXAMPLE_SEED, help="seed, 0 or more (default: %(default)s)")
    encodings.set_defaults(command=_encodings)
    picture = commands.add_parser("picture", help="draw simulated exams, one a row, into a PNG file")
    picture.add_argument("--out", type=Path, required=True, metavar="FILE", help="the PNG file")
    picture.add_argument(
        "--seeds",
        type=_seed_and_failure,
        nargs="+",
        default=[(EXAMPLE_SEED, None)],
        metavar="SEED[:CAUSE]",
        help=f"their seeds, each with why it fails, if it is to: {', '.join(_FAILURES)}",
    )
    _add_variety(picture)
    picture.set_defaults(command=_picture)
    return parser


def _add_variety(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--variety",
        choices=sorted(VARIETIES),
        default=STANDARD.name,
        help="ordinary patients of one scanner, or what differs between hospitals (default: %(default)s)",
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
