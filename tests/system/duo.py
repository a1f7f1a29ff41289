"""Two Play Bachs answer each other over JACK: no note hangs, neither answers itself.

    python -m tests.system.duo [--minutes 5] [--shared]

A relay between them takes down all that each plays. It plays the first notes; from then on each
hears the other. With ``--shared`` all is played to both, as on one cable: then each hears itself
as well, and both hear the first notes and begin at once.

Needs jackd2.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.fixtures.jack import jack_server, until

from playbach.midi.messages import NOTE_OFF, NOTE_ON, note_off, note_on
from playbach.sinks.jack import required_library

LONGEST_NOTE = 8.0
"""Seconds after which a note counts as hanging."""
TURN = 1.6
"""Seconds of silence after which what is played next is another turn."""
MOST_MORE = 2
"""Answers, for the first notes, at which both may begin, and the last."""
FIRST = (50, 53, 52, 57, 55, 58, 57)
PROGRAM = Path(sys.executable).with_name("playbach")


@dataclass
class Board:
    """What one of them played."""

    name: str
    sounding: dict[int, float] = field(default_factory=dict)
    notes: list[tuple[float, float, int]] = field(default_factory=list)
    turns: list[list[float]] = field(default_factory=list)
    hanging: int = 0
    answers: int = 0

    def hear(self, at: float, data: bytes) -> None:
        kind, pitch = data[0] & 0xF0, data[1]
        if kind == NOTE_ON and data[2]:
            last = max((end for _, end, _ in self.notes[-8:]), default=-1e9)
            if not self.sounding and at - last > TURN:
                self.turns.append([at, at])
            self.sounding[pitch] = at
        elif kind in (NOTE_ON, NOTE_OFF) and pitch in self.sounding:
            begun = self.sounding.pop(pitch)
            self.notes.append((begun, at, pitch))
            self.hanging += at - begun > LONGEST_NOTE
            self.turns[-1][1] = at


class Relay:
    """A JACK client between two boards, ``a`` and ``b``."""

    def __init__(self, *, shared: bool) -> None:
        client = required_library().Client("duo", no_start_server=True)
        self.client, self._shared = client, shared
        self.boards = Board("a"), Board("b")
        self._taken: deque[tuple[int, float, bytes]] = deque()
        self._to_play: deque[bytes] = deque()
        self._ins = [client.midi_inports.register(f"{name}_in") for name in "ab"]
        self._outs = [client.midi_outports.register(f"{name}_out") for name in "ab"]
        client.set_process_callback(self._process)
        client.activate()

    def play(self, data: bytes) -> None:
        self._to_play.append(data)

    def _process(self, _frames: int) -> None:
        events: list[tuple[int, int, bytes]] = []
        for which, port in enumerate(self._ins):
            for offset, data in port.incoming_midi_events():
                events.append((offset, which, bytes(data)))
        for port in self._outs:
            port.clear_buffer()
        now = time.monotonic()
        while self._to_play:
            data = self._to_play.popleft()
            for port in self._outs if self._shared else self._outs[:1]:
                port.write_midi_event(0, data)
        for offset, which, data in sorted(events):
            self._taken.append((which, now, data))
            hearers = (0, 1) if self._shared else (1 - which,)
            for other in hearers:
                self._outs[other].write_midi_event(offset, data)

    def read(self) -> None:
        while self._taken:
            which, at, data = self._taken.popleft()
            if len(data) == 3:
                self.boards[which].hear(at, data)


def board(name: str) -> subprocess.Popen[bytes]:
    words = [
        *("play", "--sink", "jack", "--port", f"duo:{name}_in", "--listen", f"duo:{name}_out"),
        *("--answer", "4", "--no-web", "--tempo", "100"),
    ]
    pipe = subprocess.PIPE
    return subprocess.Popen([PROGRAM, *words], stdin=subprocess.DEVNULL, stdout=pipe)


def overlap(one: Board, other: Board) -> float:
    """Seconds in which both were at it."""
    return sum(max(min(a[1], b[1]) - max(a[0], b[0]), 0.0) for a in one.turns for b in other.turns)


def duo(minutes: float, *, shared: bool) -> int:
    relay = Relay(shared=shared)
    players = [board(name) for name in "ab"]
    try:
        ports = [("duo:a_out",), ("duo:b_out",)]
        until(lambda: all(_heard_by(relay, name) for (name,) in ports), "both listen")
        time.sleep(1)
        for pitch in FIRST:
            relay.play(note_on(0, pitch, 80))
            time.sleep(0.28)
            relay.play(note_off(0, pitch))
        end = time.monotonic() + 60 * minutes
        while time.monotonic() < end and all(one.poll() is None for one in players):
            time.sleep(0.2)
            relay.read()
            now = time.monotonic()
            for one in relay.boards:
                held = [p for p, begun in one.sounding.items() if now - begun > LONGEST_NOTE]
                one.hanging += len(held)
                for pitch in held:
                    del one.sounding[pitch]
    finally:
        for player in players:
            player.send_signal(signal.SIGINT)
        said = [player.communicate(timeout=20)[0].decode() for player in players]
        ended = [player.returncode for player in players]
        for one, text in zip(relay.boards, said, strict=True):
            # It names each movement, and each answer is one.
            one.answers = sum(line.startswith("Suite ") for line in text.splitlines())
        time.sleep(0.5)
        relay.read()
        relay.client.close()
    return report(relay.boards, ended, minutes)


def _heard_by(relay: Relay, name: str) -> bool:
    return bool(relay.client.get_all_connections(relay.client.get_port_by_name(name)))


def report(boards: tuple[Board, Board], ended: list[int], minutes: float) -> int:
    a, b = boards
    for one in boards:
        print(
            f"{one.name}: {one.answers} answers, {len(one.notes)} notes of "
            f"{len(Counter(pitch for *_, pitch in one.notes))} pitches, {one.hanging} hanging, "
            f"{len(one.sounding)} sounding at the end"
        )
    both = overlap(a, b)
    print(f"both at once: {both:.1f} s; status {ended}")
    failed = (
        any(one.hanging or one.sounding for one in boards)
        or min(a.answers, b.answers) < minutes
        # Who answered itself would have answered far more often.
        or max(a.answers, b.answers) > 1.5 * min(a.answers, b.answers) + MOST_MORE
        or ended != [0, 0]
    )
    print("FAILED" if failed else "ok")
    return int(failed)


def main(arguments: Any = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--shared", action="store_true", help="all is played to both")
    options = parser.parse_args(arguments)
    # A relay in Python keeps up with long periods only.
    with jack_server(f"playbach-duo-{os.getpid()}", period=1024):
        return duo(options.minutes, shared=options.shared)


if __name__ == "__main__":
    sys.exit(main())
