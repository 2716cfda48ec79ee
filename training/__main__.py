"""Command line of simulation, training and evaluation: `liver-mre WORD`, or `python -m training WORD`."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Final

from training.commands import cohort, experiments, quality, segmentation

if TYPE_CHECKING:
    from collections.abc import Sequence

# Words import what they need when they run, so that help is fast and simulation never loads torch.
_ROOMS: Final = (cohort, segmentation, quality, experiments)
WORDS: Final = tuple(word for room in _ROOMS for word in room.WORDS)
FAILED: Final = 2


def parser_of(prog: str) -> argparse.ArgumentParser:
    """Return the parser of all words."""
    parser = argparse.ArgumentParser(prog=prog, description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="WORD")
    for room in _ROOMS:
        room.add(commands)
    return parser


def main(argv: Sequence[str] | None = None, prog: str = "python -m training") -> int:
    """Run one word; return the exit status: 0 done, 1 interrupted, 2 an error that the user can put right."""
    arguments = parser_of(prog).parse_args(argv)
    from liver_mre.errors import MreError
    from training.errors import ReportedError

    try:
        return int(arguments.action(arguments))
    except (MreError, ReportedError) as error:
        print(f"{prog}: {error}", file=sys.stderr)
        return FAILED
    except ModuleNotFoundError as error:
        print(f"{prog}: {error.name} is not installed: pip install -r requirements-dev.txt", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print(f"{prog}: interrupted; finished work is kept", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
