"""A file that one process works on alone.

The lock is the system's, on a file beside it that is never written and stays there. It ends with
the process, however that ends.
"""

import fcntl
import os
from pathlib import Path
from typing import Final

from streamer.adapters.closing import Closing
from streamer.errors import AdapterError

_SUFFIX: Final = "-lock"


class HeldFile(Closing):
    """Holds a file until closed; `is_held` is False where another holder has it."""

    def __init__(self, path: Path) -> None:
        beside = path.with_name(path.name + _SUFFIX)
        try:
            self._opened = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise AdapterError(
                f"{beside} cannot be opened ({error.strerror}): its folder must exist and be "
                "writable"
            ) from None
        try:
            fcntl.flock(self._opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self.is_held = False
        else:
            self.is_held = True

    def close(self) -> None:
        """Let others have the file."""
        os.close(self._opened)
