"""What the service says goes to standard error, a line for each event."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Mapping
from typing import TextIO

from playbach.command_line import one_line
from playbach.log_limit import RepeatLimit

# Level of Python's logging -> priority of syslog(3), which the journal reads as <N> at the start
# of a line (sd-daemon(3)).
_PRIORITIES = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))
_DEBUG = 7
_MOST_REPEATS = 100
"""Lines a minute that one place of the program may write: more than all mistakes of a file."""


def set_up_logging(level: str, stream: TextIO | None = None) -> None:
    """Log to ``stream`` (standard error) from ``level`` on; called again, only the level changes.

    ``level`` is one of ``playbach.config.LEVELS``.

    Under the journal a line begins with its priority, elsewhere with the time of day.
    """
    root = logging.getLogger("playbach")
    root.setLevel(level.upper())
    if root.handlers:
        return
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(_ForJournal() if goes_to_journal() else _ForPeople())
    handler.addFilter(RepeatLimit(_MOST_REPEATS))
    root.addHandler(handler)
    root.propagate = False


def goes_to_journal(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether standard error is the stream to the journal that ``$JOURNAL_STREAM`` names."""
    try:
        target = os.fstat(2)
    except OSError:
        return False
    return environment.get("JOURNAL_STREAM") == f"{target.st_dev}:{target.st_ino}"


class _OneEventALine(logging.Formatter):
    """A message is one line, whatever names from outside are in it; a traceback follows it."""

    def format(self, record: logging.LogRecord) -> str:
        lines = [one_line(record.getMessage())]
        if record.exc_info:
            lines += self.formatException(record.exc_info).splitlines()
        return "\n".join(f"{self.beginning(record)}{line}" for line in lines)

    def beginning(self, record: logging.LogRecord) -> str:
        """What stands before each line of ``record``."""
        raise NotImplementedError


class _ForJournal(_OneEventALine):
    def beginning(self, record: logging.LogRecord) -> str:
        priority = next((p for level, p in _PRIORITIES if record.levelno >= level), _DEBUG)
        return f"<{priority}>"


class _ForPeople(_OneEventALine):
    def beginning(self, record: logging.LogRecord) -> str:
        when = time.strftime("%H:%M:%S", time.localtime(record.created))
        return f"{when} {record.levelname.lower()}: "
