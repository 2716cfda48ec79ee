"""`python -m app -i IN -o OUT`: the MAP command, the same as `liver-mre run`."""

from __future__ import annotations

from app.cli import script

if __name__ == "__main__":
    script("run")
