"""`python -m app -i IN -o OUT`: the MAP command, the same as `liver-mre run`.

`python -m` looks for modules in the working folder first, which may be the input: what lies there must not be imported.
So it is taken from the search path, unless the application itself is in it, as in a checkout. Until then only modules
are imported that Python has already. `python -P -m app` does not look there in the first place.
"""

import os
import sys

if __name__ == "__main__":
    home = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))  # noqa: PTH120  (pathlib is not imported yet)
    working = os.path.realpath(".")
    sys.path[:] = [entry for entry in sys.path if os.path.realpath(entry) != working or working == home]
    from app.cli import script

    script("run")
