"""Keeping one thread of a Python process on time."""

from __future__ import annotations

import gc
import os
import sys
import threading
from typing import NewType

Timing = NewType("Timing", str)
"""How a thread is kept on time, in words."""

PRIORITY = 20
"""Of SCHED_FIFO, 1 to 99 (sched(7)): above everything ordinary, below the kernel's interrupts (50)
and most sound servers (JACK takes 10, or 70 and up)."""
SWITCH_INTERVAL = 0.0005
"""Seconds after which a Python thread that computes lets another have its turn (Python's own
default of 0.005 would be heard)."""
_HOW = "LimitRTPRIO= of the service, or rtprio in /etc/security/limits.conf"


def claim_priority() -> Timing:
    """Give the calling thread, and no other, real-time priority if that is allowed."""
    if not hasattr(os, "SCHED_FIFO"):
        return Timing("thread at normal priority (this system has no SCHED_FIFO)")
    import resource  # noqa: PLC0415 exists on Unix only

    limit = resource.getrlimit(resource.RLIMIT_RTPRIO)[0]
    priority = min(PRIORITY, limit) if limit > 0 else PRIORITY
    try:
        # Process 0 is the calling thread; programs started from it get ordinary priority.
        os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(priority))
    except PermissionError:
        return Timing(f"thread at normal priority (rtprio limit {limit}; {_HOW})")
    except OSError as error:
        return Timing(f"thread at normal priority (no SCHED_FIFO here: {error.strerror})")
    return Timing(f"thread at real-time priority {priority}")


def possible_timing() -> Timing:
    """What a sending thread would get here, found by trying it in a thread that then ends."""
    found: list[Timing] = []
    thread = threading.Thread(target=lambda: found.append(claim_priority()))
    thread.start()
    thread.join()
    return found[0]


def settle_process() -> None:
    """Keep garbage collection and other threads from holding up the one that sends.

    To be called once everything long-lived has been loaded: that is then never looked at again by
    the collector, whose pauses grow with what there is to look at.
    """
    sys.setswitchinterval(SWITCH_INTERVAL)
    gc.collect()
    gc.freeze()
