"""Keys that steer the music at a terminal."""

from __future__ import annotations

import contextlib
import os
import select
import sys
from collections.abc import Iterator
from typing import Any

HELP = "keys: space pauses and resumes, n next movement, + and - tempo, q ends"


class Keys:
    """A terminal that gives keys one by one, without Return and without showing them."""

    def __init__(self, number: int) -> None:
        """``number``: file descriptor of a terminal."""
        self._number = number
        self._before: list[Any] | None = None

    def listen(self) -> None:
        """Begin, or go on after ``forget``; only in the foreground."""
        import termios  # noqa: PLC0415 not on Windows
        import tty  # noqa: PLC0415 as above

        self._before = termios.tcgetattr(self._number)
        tty.setcbreak(self._number)

    def forget(self) -> None:
        """Leave the terminal as it was found, if it is still there."""
        import termios  # noqa: PLC0415 as above

        before, self._before = self._before, None
        if before is not None:
            with contextlib.suppress(termios.error, OSError):
                termios.tcsetattr(self._number, termios.TCSADRAIN, before)

    def pressed(self) -> str:
        """What was pressed since the last time; never waits. Nothing while in the background."""
        import termios  # noqa: PLC0415 as above

        try:
            if not _is_in_foreground(self._number):
                return ""
            if self._before is None:
                self.listen()
            if not select.select([self._number], [], [], 0)[0]:
                return ""
            return os.read(self._number, 64).decode(errors="replace")
        except (OSError, termios.error):
            # The terminal has gone; SIGHUP says so to whoever should know.
            return ""


@contextlib.contextmanager
def key_presses() -> Iterator[Keys | None]:
    """The keyboard, ``None`` where nobody sits at one."""
    if not _is_at_keyboard():
        yield None
        return
    keys = Keys(sys.stdin.fileno())
    keys.listen()
    try:
        yield keys
    finally:
        keys.forget()


def _is_at_keyboard() -> bool:
    try:
        return sys.stdin.isatty() and _is_in_foreground(sys.stdin.fileno())
    except (AttributeError, OSError, ValueError):
        return False


def _is_in_foreground(terminal: int) -> bool:
    """Whether a terminal is ours to read and to set: to a job in the background it is not."""
    return os.tcgetpgrp(terminal) == os.getpgrp()
