"""Whether a file with secrets is for this process alone."""

import os
import stat
from typing import Literal


def open_to(status: os.stat_result) -> Literal["others", "group"] | None:
    """Who else may use a file with this status. A group that the process is in is `group`, any other `others`.

    Volumes of containers get the group of the process and its rights at each mount (fsGroup): that is no mistake of
    a person, so `group` deserves a warning, `others` a refusal.
    """
    if os.name != "posix":
        return None
    mode = stat.S_IMODE(status.st_mode)
    if mode & 0o007:
        return "others"
    if mode & 0o070:
        return "group" if status.st_gid in {os.getegid(), *os.getgroups()} else "others"
    return None
