"""Size of the image by part: `python -m container.sizes IMAGE` prints the table in docs/deploy.md.

Sizes are those of the files in the image. `--compressed` adds the size in a registry: all layers, packed with gzip as
Docker and podman do.
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
"""`wbits` of zlib: largest window, gzip header."""
BASE: Final = "Debian 12 and CPython 3.11"
REST: Final = "everything else"


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the image; `starts` are the beginnings of its files' paths."""

    name: str
    why: str
    starts: tuple[str, ...]


def _package(name: str, why: str, *folders: str) -> Part:
    return Part(name, why, tuple(PACKAGES + folder for folder in folders))


JPEG: Final = ("openjpeg", "_openjpeg", "pylibjpeg", "pyjpegls", "jpeg_ls", "_CharLS")

# A file belongs to the first part that matches, else to the base image.
PARTS: Final = (
    _package("OpenVINO", "inference: core and CPU plug-in", "openvino"),
    _package("Holoscan", "the graph: core, GXF and UCX, to which the core is linked", "holoscan", "wheel_axle"),
    _package("MONAI Deploy SDK", "base classes of application and operators", "monai"),
    _package("CUDA's runtime library", "Holoscan is linked to it even without a GPU", "nvidia"),
    _package("PyTorch", "inference on GPUs, in the CUDA image only", "torch", "triton", "cuda", "sympy", "networkx"),
    _package("numpy", "arrays; half of it is OpenBLAS", "numpy"),
    _package("highdicom", "SEG and SR; mostly tables of DICOM attributes for its checks", "highdicom"),
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
    listing : one line per file: inode, bytes, path; a file with two names counts once
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
    """Return the size of all layers of an image in bytes, as the engine states it."""
    (described,) = json.loads(engine.run("image", "inspect", image).stdout)
    return int(described["Size"])


def compressed_bytes(engine: Engine, image: str) -> int:
    """Return the size of all layers of an image in bytes, packed with gzip."""
    total = 0
    with (
        subprocess.Popen([*engine.command, "save", image], stdout=subprocess.PIPE) as saving,  # noqa: S603
        tarfile.open(fileobj=saving.stdout, mode="r|") as archive,
    ):
        for member in archive:  # layers, their small descriptions, and links to layers
            if member.isfile() and (layer := archive.extractfile(member)):
                packer = zlib.compressobj(wbits=GZIP)
                total += sum(len(packer.compress(chunk)) for chunk in iter(lambda: layer.read(CHUNK_BYTES), b""))
                total += len(packer.flush())
    return total


def table(sizes: dict[str, float]) -> str:
    """Return a Markdown table of the ten largest parts and the rest."""
    reasons = {part.name: part.why for part in PARTS}
    reasons[BASE] = "the base image; orchestrators' own entry points need bash and coreutils"
    largest = dict(list(sizes.items())[:LARGEST])
    rest = sum(sizes.values()) - sum(largest.values())
    rows = [f"| {size:.0f} | {name} | {reasons[name]} |" for name, size in largest.items()]
    rows.append(f"| {rest:.0f} | {REST} | {', '.join(list(sizes)[LARGEST:])} |")
    return "\n".join(["| MB | Part | Why |", "|---|---|---|", *rows])


def main(arguments: list[str]) -> int:
    """Print the size of an image by part."""
    parser = argparse.ArgumentParser(prog="python -m container.sizes", description=__doc__)
    parser.add_argument("image")
    parser.add_argument("--compressed", action="store_true", help="also the size in a registry; takes a minute")
    options = parser.parse_args(arguments)
    engine = find_engine()
    if engine is None:
        sys.stderr.write("Nothing was measured: there is neither Docker nor podman.\n")
        return 1
    sizes = parts_of(engine, options.image)
    lines = [table(sizes), "", f"{unpacked_bytes(engine, options.image) / MEGABYTE:.0f} MB unpacked"]
    if options.compressed:
        lines.append(f"{compressed_bytes(engine, options.image) / MEGABYTE:.0f} MB compressed")
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
