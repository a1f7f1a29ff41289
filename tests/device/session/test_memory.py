"""Memory is taken in the beginning and never again, however long the music lasts."""

from __future__ import annotations

import gc
import threading

from bench.virtual import VirtualSink
from tests.device.streams import scales

from playbach.midi_messages import NOTE_ON
from playbach.player.controls import Controls, Voice
from playbach.player.player import Player
from playbach.session.follower import Follower

EARLY, LATE = 2_000, 8_000


def test_no_note_and_no_event_leaves_anything_behind() -> None:
    counts: dict[int, int] = {}
    notes = 0
    done = threading.Event()

    def hear(_: float, data: bytes) -> None:
        nonlocal notes
        notes += data[0] & 0xF0 == NOTE_ON
        for mark in (EARLY, LATE):
            if notes >= mark and mark not in counts:
                gc.collect()
                counts[mark] = len(gc.get_objects())
        if notes >= LATE:
            done.set()
        elif notes % 50 == 49:
            player.control(Controls(Voice(transpose=notes % 12), clock=bool(notes % 4)))

    sink, next_loss = VirtualSink(hear), [500]

    def pause(seconds: float) -> None:
        if not sink.connected:
            sink.find()
        elif notes > next_loss[0]:
            next_loss[0] = notes + 500
            sink.lose()
        sink.pause(seconds)

    follower = Follower(archive=None, tempo=lambda movement: movement.tempo, now=sink.now)
    player = Player(scales(), sink, audience=follower, pause=pause)
    with follower.listeners.subscribed() as nobody_listens, player:
        assert done.wait(60)
        assert nobody_listens.lost > 0
    assert player.error is None
    # One object for each note would be 6,000 more.
    assert counts[LATE] - counts[EARLY] < 1_500
