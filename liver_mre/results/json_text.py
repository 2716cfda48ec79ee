"""JSON as every reader accepts it: whatever text a site or a scanner gives, also half of a character."""

from __future__ import annotations

import json
import re
from typing import Final

_HALF: Final = re.compile("[\ud800-\udfff]")


def json_text(content: object, *, indent: int | None = None, sort_keys: bool = False) -> str:
    r"""Return content as JSON in ASCII.

    Halves of a character, which stand for bytes that are no text, or come from JSON of others, are no Unicode: strict
    readers refuse a file that holds one. They become the text of their code, such as `\udc80`, as in the terminal.
    """
    plain = json.dumps(content, ensure_ascii=False)
    if _HALF.search(plain):
        content = json.loads(_HALF.sub(lambda half: rf"\\u{ord(half[0]):04x}", plain))
    return json.dumps(content, indent=indent, sort_keys=sort_keys)
