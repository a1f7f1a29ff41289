"""A rate limit for repeated log lines.

logging.getLogger("playbach.web").addFilter(RepeatLimit(most=10))
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

WINDOW = 60.0
"""Seconds in which lines are counted together."""
_MOST_KINDS = 200


@dataclass
class _Count:
    """Lines of one kind."""

    since: float  # when the first of them came, on the clock of the limit
    lines: int = 0  # how many came since


class RepeatLimit(logging.Filter):
    """Lets ``most`` lines of a kind pass in a minute and adds how many it dropped.

    Lines are of one kind if one statement logged them and, where they have an exception, one
    statement raised it. Thread-safe.
    """

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        """Create the filter.

        Args:
            most: lines of a kind within ``WINDOW``, 1 or more.
            clock: monotonic, in seconds.
        """
        super().__init__()
        self._most = most
        self._clock = clock
        self._kinds: OrderedDict[object, _Count] = OrderedDict()
        self._lock = threading.Lock()

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the line is written; the first after dropped ones says how many there were."""
        with self._lock:
            left_out, count = self._counted(_kind(record))
        if left_out:
            _add(record, f"{left_out:,} more like it were left out before")
        if count == self._most:
            _add(record, f"more like it are left out for up to {WINDOW:.0f} s")
        return count <= self._most

    def _counted(self, kind: object) -> tuple[int, int]:
        """Lines dropped in the minute before, and the number of this one in its minute."""
        now = self._clock()
        left_out = 0
        count = self._kinds.pop(kind, None) or _Count(now)
        if now - count.since > WINDOW:
            left_out, count = max(count.lines - self._most, 0), _Count(now)
        count.lines += 1
        self._kinds[kind] = count
        if len(self._kinds) > _MOST_KINDS:
            self._kinds.popitem(last=False)
        return left_out, count.lines


def _kind(record: logging.LogRecord) -> object:
    """The key by which lines are counted together."""
    place: object = None
    if record.exc_info and record.exc_info[2]:
        raised = record.exc_info[2]
        while raised.tb_next:
            raised = raised.tb_next
        place = (raised.tb_frame.f_code.co_filename, raised.tb_lineno, record.exc_info[0])
    return record.pathname, record.lineno, place


def _add(record: logging.LogRecord, note: str) -> None:
    record.msg, record.args = f"{record.getMessage()} ({note})", None
