"""Private elements, found by the creator that reserved their block (DICOM PS3.5, 7.8.1), whichever block that is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pydicom.tag import BaseTag

from liver_mre.studies.values import text

if TYPE_CHECKING:
    from pydicom import Dataset

_BLOCKS: Final = range(0x10, 0x100)


@dataclass(frozen=True, slots=True)
class PrivateElement:
    """A private element as its creator defines it.

    Attributes
    ----------
    group, creator : of its block
    element : the last two digits of its number, which are the same in every block
    usual_block : where the scanner writes it; archives may move it
    """

    group: int
    creator: str
    element: int
    usual_block: int

    def tag(self, block: int) -> BaseTag:
        """Return its tag in a block."""
        return BaseTag(self.group << 16 | block << 8 | self.element)

    @property
    def possible_tags(self) -> tuple[BaseTag, ...]:
        """The tags of the creators of all blocks, and of the element in each of them."""
        creators = (BaseTag(self.group << 16 | block) for block in _BLOCKS)
        return (*creators, *map(self.tag, _BLOCKS))


def private_text(header: Dataset, wanted: PrivateElement) -> str:
    """Return a private element's value as stripped text; "" where its creator reserved no block, or it is absent.

    An element of the usual block counts without a creator, because some anonymisers remove only that.
    """
    first = wanted.group << 16 | _BLOCKS.start
    creators = {tag & 0xFF: text(header, tag) for tag in header.keys() if 0 <= tag - first < len(_BLOCKS)}  # noqa: SIM118
    blocks = [block for block, creator in sorted(creators.items()) if creator.casefold() == wanted.creator.casefold()]
    if not creators.get(wanted.usual_block):
        blocks.append(wanted.usual_block)
    return next((value for block in blocks if (value := text(header, wanted.tag(block)))), "")
