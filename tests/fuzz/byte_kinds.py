"""Mutations of bytes: flips, insertions, deletions, truncation, and what follows the last element."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.fuzz.elements import PIXELS, START, NotPlainError, dump, parse
from tests.fuzz.mutations import kind

if TYPE_CHECKING:
    from tests.fuzz.mutations import Mutation
    from tests.fuzz.study import MutableStudy


def sections(content: bytes) -> dict[str, tuple[int, int]]:
    """Return where file meta information, header and pixels begin and end; the whole file where they are unknown."""
    try:
        file = parse(content)
    except NotPlainError:
        return {"any": (0, len(content))}
    meta = START + len(dump(type(file)(b"", file.meta, type(file.dataset)())))
    pixels = file.dataset.get(PIXELS)
    size = len(pixels.value) if pixels else 0
    end = len(content) - len(file.rest)
    after = file.dataset.elements.index(pixels) + 1 if pixels else 0
    tail = (
        len(dump(type(file)(b"", type(file.meta)(), type(file.dataset)(file.dataset.elements[after:]))))
        if pixels
        else 0
    )
    start = end - tail - size
    return {"meta": (START, meta), "header": (meta, start), "pixels": (start, start + size), "end": (start + size, end)}


@kind
def byte(study: MutableStudy, mutation: Mutation) -> None:
    """Flip bits of, insert or delete one byte: `where` in a section, as a share of its length."""
    args = mutation.args
    for name in {slot.file: None for slot in mutation.slots(study)}:
        content = study.content(name)
        low, high = sections(content).get(args["section"], (0, len(content)))
        at = min(len(content) - 1, low + int((high - low) * args["where"]))
        if args["how"] == "flip":
            new = content[:at] + bytes([content[at] ^ args["value"]]) + content[at + 1 :]
        elif args["how"] == "insert":
            new = content[:at] + bytes([args["value"]]) + content[at:]
        else:
            new = content[:at] + content[at + 1 :]
        study.write(name, new)


@kind
def truncate(study: MutableStudy, mutation: Mutation) -> None:
    """Cut files off: `lost` bytes at the end, or a share of the file."""
    for name in {slot.file: None for slot in mutation.slots(study)}:
        content = study.content(name)
        lost = mutation.args.get("lost") or int(len(content) * mutation.args["share"])
        study.write(name, content[: max(0, len(content) - lost)])


@kind
def append(study: MutableStudy, mutation: Mutation) -> None:
    """Add bytes after the last element."""
    for name in {slot.file: None for slot in mutation.slots(study)}:
        study.write(name, study.content(name) + bytes.fromhex(mutation.args["hex"]))
