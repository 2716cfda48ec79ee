"""Options that several words share."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, Final

Commands = argparse._SubParsersAction  # noqa: SLF001 - argparse has no public name for it
SEGMENTATION_DIR: Final = Path("models/liver_segmentation")
QUALITY_DIR: Final = Path("models/quality_control")
SPLITS: Final = ("all", "train", "validation", "test")


def folder(parser: argparse.ArgumentParser, name: str, text: str, **more: Any) -> None:  # noqa: ANN401 - argparse's
    """Add an option for a folder, required unless it has a default."""
    parser.add_argument(name, type=Path, metavar="DIR", help=text, required="default" not in more, **more)


def cohorts(parser: argparse.ArgumentParser, text: str = "simulated cohorts") -> None:
    """Add --data for one or more cohort folders."""
    folder(parser, "--data", text, nargs="+")


def model(parser: argparse.ArgumentParser, text: str = "checkpoint or model folder") -> None:
    """Add --model for a segmentation network."""
    parser.add_argument("--model", type=Path, default=SEGMENTATION_DIR, metavar="PATH", help=text)


def limit(parser: argparse.ArgumentParser, text: str = "largest number of exams of each cohort") -> None:
    """Add --limit for a number of exams."""
    parser.add_argument("--limit", type=int, metavar="N", help=text)


def split(parser: argparse.ArgumentParser) -> None:
    """Add --split."""
    parser.add_argument("--split", choices=SPLITS, default="all", help="split of the cohort (default: all)")


def threads(parser: argparse.ArgumentParser) -> None:
    """Add --threads."""
    parser.add_argument("--threads", type=int, default=0, help="torch threads (default: torch's choice)")


def chosen_split(arguments: argparse.Namespace) -> Any:  # noqa: ANN401 - one of argparse's choices
    """Return the split, or None for all."""
    return None if arguments.split == "all" else arguments.split
