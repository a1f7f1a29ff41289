"""Memory is taken in the beginning and never again, however long the music lasts."""

from __future__ import annotations

import gc
import threading

from bench.virtual import VirtualSink
from tests.device.streams import scales

from playbach.midi.messages import NOTE_ON
from playbach.playback.controls import ChannelSettings, Controls
from playbach.playback.player import Player
from playbach.session.history import History

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
            player.control(Controls(ChannelSettings(transpose=notes % 12), clock=bool(notes % 4)))

    sink, next_loss = VirtualSink(hear), [500]

    def pause(seconds: float) -> None:
        if not sink.connected:
            sink.find()
        elif notes > next_loss[0]:
            next_loss[0] = notes + 500
            sink.lose()
        sink.pause(seconds)

    history = History(now=sink.now, link=lambda _: "")
    player = Player(scales(), sink, listener=history, pause=pause)
    with history.subscribed() as nobody_listens, player:
        assert done.wait(60)
        assert nobody_listens.lost > 0
    assert player.error is None
    # One object for each note would be 6,000 more.
    assert counts[LATE] - counts[EARLY] < 1_500
