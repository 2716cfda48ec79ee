"""What the image weighs and why: `python -m container.sizes IMAGE` prints the table of docs/deploy.md.

The parts are measured where they lie in the image. `--compressed` adds what a registry stores: every layer, packed by
gzip as docker and podman pack it.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tarfile
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from container.engine import find_engine

if TYPE_CHECKING:
    from collections.abc import Iterable

    from container.engine import Engine

PACKAGES: Final = "/usr/local/lib/python3.11/site-packages/"
LARGEST: Final = 10
MEGABYTE: Final = 1e6
CHUNK_BYTES: Final = 1 << 20
GZIP: Final = 31
"""Of zlib: the largest window, and gzip's header."""
BASE: Final = "Debian 12 and CPython 3.11"
REST: Final = "everything else"


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the image.

    Attributes
    ----------
    starts : what the paths of its files start with
    """

    name: str
    why: str
    starts: tuple[str, ...]


def _package(name: str, why: str, *folders: str) -> Part:
    return Part(name, why, tuple(PACKAGES + folder for folder in folders))


JPEG: Final = ("openjpeg", "_openjpeg", "pylibjpeg", "pyjpegls", "jpeg_ls", "_CharLS")

# A file belongs to the first part that it matches; what matches none is the base's.
PARTS: Final = (
    _package("OpenVINO", "inference: its core and the plug-in for processors", "openvino"),
    _package("Holoscan", "the graph: core, GXF, UCX, to which its core is linked", "holoscan", "wheel_axle"),
    _package("MONAI Deploy SDK", "application and operators are its classes", "monai"),
    _package("CUDA's runtime library", "Holoscan is linked to it, also where there is no GPU", "nvidia"),
    _package("PyTorch", "inference on GPUs, in the CUDA image only", "torch", "triton", "cuda", "sympy", "networkx"),
    _package("numpy", "arrays; half of it is OpenBLAS", "numpy"),
    _package("highdicom", "SEG and SR; most of it DICOM's attribute tables, which it checks against", "highdicom"),
    _package("Pillow", "overlay, fonts, JPEG", "PIL", "pillow"),
    _package("GDCM", "lossless JPEG", "python_gdcm", "_gdcm", "gdcm"),
    _package("pydicom", "DICOM", "pydicom"),
    _package("OpenJPEG, JPEG-LS", "JPEG 2000 and JPEG-LS", *JPEG),
    _package("rich", "what the command line prints", "rich"),
    _package("small packages", "PyYAML, packaging, typing_extensions", ""),
    Part("the networks", "38 million parameters in half precision, the only copy", ("/opt/holoscan/models/",)),
    Part("application and documents", "this repository, licences, bill of materials", ("/opt/", "/var/holoscan/")),
)


def measured(listing: Iterable[str]) -> dict[str, float]:
    """Return megabytes by part, the largest first.

    Parameters
    ----------
    listing : of files, one a line: inode, bytes, path; a file with two names counts once
    """
    sizes: dict[str, float] = {}
    seen = set()
    for line in listing:
        inode, size, path = line.split("\t", 2)
        if inode in seen:
            continue
        seen.add(inode)
        name = next((part.name for part in PARTS if path.startswith(part.starts)), BASE)
        sizes[name] = sizes.get(name, 0.0) + int(size) / MEGABYTE
    return dict(sorted(sizes.items(), key=lambda item: -item[1]))


def parts_of(engine: Engine, image: str) -> dict[str, float]:
    """Return megabytes by part of an image, the largest first."""
    find = ("/", "-xdev", "-type", "f", "-printf", r"%i\t%s\t%p\n")
    listed = engine.run("run", "--rm", "--network", "none", "--entrypoint", "find", image, *find)
    return measured(listed.stdout.splitlines())


def unpacked_bytes(engine: Engine, image: str) -> int:
    """Return the bytes of all layers of an image, as the engine states them."""
    (described,) = json.loads(engine.run("image", "inspect", image).stdout)
    return int(described["Size"])


def compressed_bytes(engine: Engine, image: str) -> int:
    """Return the bytes of all layers of an image packed by gzip."""
    total = 0
    with (
        subprocess.Popen([*engine.command, "save", image], stdout=subprocess.PIPE) as saving,  # noqa: S603
        tarfile.open(fileobj=saving.stdout, mode="r|") as archive,
    ):
        for member in archive:  # layers, a few small files that describe them, and second names of layers
            if member.isfile() and (layer := archive.extractfile(member)):
                packer = zlib.compressobj(wbits=GZIP)
                total += sum(len(packer.compress(chunk)) for chunk in iter(lambda: layer.read(CHUNK_BYTES), b""))
                total += len(packer.flush())
    return total


def table(sizes: dict[str, float]) -> str:
    """Return the ten largest parts and the rest as a Markdown table."""
    reasons = {part.name: part.why for part in PARTS}
    reasons[BASE] = "the base; bash and coreutils are needed by orchestrators' own entry points"
    largest = dict(list(sizes.items())[:LARGEST])
    rest = sum(sizes.values()) - sum(largest.values())
    rows = [f"| {size:.0f} | {name} | {reasons[name]} |" for name, size in largest.items()]
    rows.append(f"| {rest:.0f} | {REST} | {', '.join(list(sizes)[LARGEST:])} |")
    return "\n".join(["| MB | Part | Why |", "|---|---|---|", *rows])


def main(arguments: list[str]) -> int:
    """Print what an image weighs."""
    parser = argparse.ArgumentParser(prog="python -m container.sizes", description=__doc__)
    parser.add_argument("image")
    parser.add_argument("--compressed", action="store_true", help="also the size in a registry; takes a minute")
    options = parser.parse_args(arguments)
    engine = find_engine()
    if engine is None:
        sys.stderr.write("Nothing was measured: neither Docker nor podman is at hand.\n")
        return 1
    sizes = parts_of(engine, options.image)
    lines = [table(sizes), "", f"{unpacked_bytes(engine, options.image) / MEGABYTE:.0f} MB unpacked"]
    if options.compressed:
        lines.append(f"{compressed_bytes(engine, options.image) / MEGABYTE:.0f} MB compressed")
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
