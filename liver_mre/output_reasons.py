"""Why an operating system refuses to write, by the number of its error, and what to do: the end of a sentence."""

from __future__ import annotations

import errno
from typing import Final

UNKNOWN_REASON: Final = ". Check its permissions and free space."
REASONS: Final = {
    errno.ENOSPC: ": no space is left. Free some, or give another folder with -o.",
    errno.EDQUOT: ": the quota is used up. Free some space, or give another folder with -o.",
    errno.EFBIG: ": a file would exceed the limit on its size (`ulimit -f`). Raise the limit, then run again.",
    errno.EROFS: ": its file system is read-only. Mount it writable, or give another folder with -o.",
    errno.EACCES: ": this user has no permission. Change its permissions, or give another folder with -o.",
    errno.EPERM: ": this user has no permission. Change its permissions, or give another folder with -o.",
    errno.EEXIST: ": a file is where a folder should be. Give another folder with -o.",
    errno.ENOTDIR: ": a file is where a folder should be. Give another folder with -o.",
    errno.ENOENT: ": it, or a part of it, was removed during the run. Run again.",
    errno.EIO: ": the disk or its connection failed (input/output error). Check it, then run again.",
}
