"""Every signal that could end or stop a program that plays has been thought of, in one table."""

from __future__ import annotations

import signal
import subprocess
import sys

from playbach.signals import TABLE, Asked, numbers

HARMLESS = ("SIGCHLD", "SIGCONT", "SIGURG", "SIGWINCH", "SIGINFO")
"""What signal(7) lists as ignored by default, or as going on."""
SETS_UP = """
import os, signal, sys
from playbach import signals
signal.signal(signal.SIGHUP, getattr(signal, sys.argv[2]))
getattr(signals, sys.argv[1])(lambda asked: os.write(1, f"{asked.value}\\n".encode()))
for row in signals.TABLE:
    for number in signals.numbers(row):
        if signals.Asked.FAULT not in (row.at_terminal, row.of_service):
            os.kill(os.getpid(), number)
"""


def asked(listen: str, hang_up: str = "SIG_DFL") -> list[str]:
    """What a process heard that was sent every signal but those of a fault."""
    done = subprocess.run(
        [sys.executable, "-c", SETS_UP, listen, hang_up],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.split()


def test_each_signal_of_this_system_that_ends_or_stops_a_process_is_decided_once() -> None:
    decided = [number for row in TABLE for number in numbers(row)]
    harmless = [int(getattr(signal, name)) for name in HARMLESS if hasattr(signal, name)]
    assert sorted(decided + harmless) == sorted(map(int, signal.valid_signals()))


def test_a_program_at_a_terminal_is_ended_or_suspended_and_ignores_the_rest() -> None:
    words = [row.at_terminal.value for row in TABLE for _ in numbers(row)]
    expected = [word for word in words if word in {"stop", "suspend"}]
    assert asked("listen_at_terminal") == expected
    assert {row.name for row in TABLE if row.at_terminal is Asked.STOP} == {
        "SIGHUP", "SIGINT", "SIGTERM", "SIGQUIT", "SIGBREAK", "SIGPWR", "SIGXCPU"
    }  # fmt: skip


def test_a_service_is_ended_or_reads_its_configuration_again_and_ignores_the_rest() -> None:
    words = [row.of_service.value for row in TABLE for _ in numbers(row)]
    assert asked("listen_as_service") == [word for word in words if word in {"stop", "reload"}]


def test_a_hang_up_that_nohup_ignores_stays_ignored_at_a_terminal_alone() -> None:
    words = asked("listen_at_terminal")
    assert asked("listen_at_terminal", "SIG_IGN") == words[1:]
    assert "reload" in asked("listen_as_service", "SIG_IGN")
