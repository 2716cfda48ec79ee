"""`python -m app -i IN -o OUT`: the MAP command, the same as `liver-mre run`."""

from __future__ import annotations

import sys

from app.cli import main

if __name__ == "__main__":
    sys.exit(main(["run", *sys.argv[1:]]))
