"""What a terminal shows while it plays: a live line, or one line a movement elsewhere."""

from __future__ import annotations

import shutil
import sys

from playbach.command_line import forget_stdout
from playbach.status import Status

CLEAR_LINE = "\r\x1b[K"


class Screen:
    """A live line on a terminal; one line a movement elsewhere."""

    def __init__(self) -> None:
        self._live = sys.stdout.isatty()
        self._title = ""
        self._shown = ""

    def show(self, status: Status) -> None:
        """Show what plays, if that is new."""
        if self._live:
            # A line that wraps could not be cleared again.
            width = shutil.get_terminal_size().columns - 1
            line = _line(status)[:width]
            if line != self._shown:
                self._shown = line
                _write(f"{CLEAR_LINE}{line}")
        elif status.title != self._title:
            self._title = status.title
            say(status.title)

    def insert(self, line: str) -> None:
        """Write a line that stays, above the live line if there is one."""
        self.close()
        say(line)

    def close(self) -> None:
        """Leave no live line."""
        self._shown = ""
        if self._live:
            _write(CLEAR_LINE)


def say(line: str) -> None:
    """Write a line that stays."""
    _write(f"{line}\n")


def _line(status: Status) -> str:
    if not status.title:
        return "composing ..."
    line = f"{status.title}, bar {status.bar}   {status.tempo:.0f} bpm   {status.notes} notes"
    if status.resting:
        line += f"   ({status.resting})"
    if status.lateness is not None and status.lateness.count:
        line += f"   late by {status.lateness.p99 * 1000:.1f} ms (p99)"
    return line


def _write(text: str) -> None:
    # At a terminal that is gone (SIGHUP) there is nobody to tell, and the music goes on.
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError:
        forget_stdout()
