"""The sizes of the image's parts are as documented, and each part has its reason."""

from __future__ import annotations

import re
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

from container.engine import Engine
from container.sizes import BASE, LARGEST, PARTS, REST, compressed_bytes, measured, parts_of, table

if TYPE_CHECKING:
    from tests.container.conftest import Image

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "deploy.md"
PACKAGES = "/usr/local/lib/python3.11/site-packages"


def documented() -> dict[str, float]:
    rows = re.findall(r"^\| (\d+) \| ([^|]+) \| [^|]+ \|$", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)
    return {name: float(megabytes) for megabytes, name in rows}


def test_a_file_counts_once_for_the_part_that_it_lies_in() -> None:
    listing = [
        f"1\t2000000\t{PACKAGES}/numpy/core.so",
        f"2\t3000000\t{PACKAGES}/numpy.libs/blas.so",
        f"2\t3000000\t{PACKAGES}/numpy.libs/another name of blas.so",
        "3\t7000000\t/usr/bin/python3",
    ]
    assert measured(listing) == {BASE: 7.0, "numpy": 5.0}


def test_layers_are_packed_once_each(tmp_path: Path) -> None:
    (tmp_path / "layer.tar").write_bytes(bytes(10_000_000))
    with tarfile.open(tmp_path / "image.tar", "w") as archive:
        archive.add(tmp_path / "layer.tar", "layer.tar")
        second_name = tarfile.TarInfo("other/layer.tar")
        second_name.type, second_name.linkname = tarfile.SYMTYPE, "../layer.tar"
        archive.addfile(second_name)
    saving = Engine(("sh", "-c", 'cat "$2"', "engine"))  # its arguments are "save" and the image
    assert 5_000 < compressed_bytes(saving, str(tmp_path / "image.tar")) < 15_000  # zeros shrink a thousandfold


def test_the_table_shows_the_largest_parts_with_their_reasons() -> None:
    sizes = {part.name: 100.0 - number for number, part in enumerate(PARTS)}
    shown = table(sizes)
    assert all(f"| {part.name} | {part.why} |" in shown for part in PARTS[:LARGEST])
    assert f"| {REST} | {', '.join(part.name for part in PARTS[LARGEST:])} |" in shown


def test_the_largest_parts_are_the_documented_ones(image: Image) -> None:
    sizes = parts_of(image.engine, image.tag)
    largest = dict(list(sizes.items())[:LARGEST])
    in_document = documented()
    assert set(largest) == set(in_document) - {REST}, table(sizes)
    for name in set(largest) - {BASE}:  # whose size depends on where it comes from
        assert abs(largest[name] - in_document[name]) <= 2 + 0.1 * in_document[name], table(sizes)
    assert sum(largest.values()) >= 0.95 * sum(sizes.values())
