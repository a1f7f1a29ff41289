"""The player plays every note, rests on purpose, never hangs a note, and never dies alone."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.device.playback.listener import Listener
from tests.device.streams import pitches_of_scale, scales
from tests.read_back import read_back

from playbach.errors import OutputError, PortError
from playbach.playback.player import Player
from playbach.sinks.file import FileSink
from playbach.sinks.paced import PacedSink, none_sink
from playbach.status import Status
from playbach.stream import Seconds, StreamItem


def play(stream: Iterator[StreamItem], listener: Listener, limit: float | None = None) -> Status:
    seconds = None if limit is None else Seconds(limit)
    with Player(stream, PacedSink(listener), limit=seconds) as player:
        player.wait()
        return player.status()


def test_a_finite_stream_is_played_whole_and_then_over() -> None:
    listener = Listener()
    status = play(scales(2), listener)
    assert listener.pitches == pitches_of_scale() * 2
    assert listener.sounding == ()
    assert status.notes == 20
    assert status.rests == 0
    assert not status.running
    assert status.title == "Suite 2 in C major, II Allemande"


def test_all_that_was_sent_is_followed_by_the_resets() -> None:
    listener = Listener()
    play(scales(1), listener)
    assert [data.hex(" ") for data in listener.heard[-2:]] == ["b0 7b 00", "b0 79 00"]


def test_the_limit_ends_an_endless_stream() -> None:
    listener = Listener()
    status = play(scales(), listener, limit=0.7)
    assert listener.sounding == ()
    # 0.1 s of lead, then a movement of 0.5 s and a rest of 0.05 s.
    assert listener.pitches == [*pitches_of_scale(), 60, 64, 67]
    assert status.movement is not None
    assert status.movement.suite == 2


def test_stopping_in_the_middle_leaves_silence_at_once() -> None:
    listener = Listener()
    player = Player(scales(), PacedSink(listener))
    player.start()
    while not listener.sounding:
        player.wait(Seconds(0.01))
    player.stop()
    assert listener.sounding == ()
    assert listener.closed
    count = len(listener.heard)
    player.stop()
    assert len(listener.heard) == count


def test_stopping_does_not_wait_for_the_composer() -> None:
    release = threading.Event()

    def stuck() -> Iterator[StreamItem]:
        yield from scales(1)
        release.wait(60)

    listener = Listener()
    with Player(stuck(), PacedSink(listener)) as player:
        while not listener.heard:
            player.wait(Seconds(0.01))
    assert listener.sounding == ()
    assert not release.is_set()
    release.set()


def test_a_late_composer_makes_a_rest_and_no_note_is_lost_or_rushed() -> None:
    noticed = threading.Event()

    def halting() -> Iterator[StreamItem]:
        for count, item in enumerate(scales(6)):
            if count == 50:
                noticed.wait(60)
                # A note ends before the next is due; only then is that one late.
                time.sleep(0.3)
            yield item

    def watch(status: Status) -> None:
        if status.resting == "waiting for the composer":
            noticed.set()

    listener = Listener()
    with Player(halting(), PacedSink(listener)) as player:
        player.wait(watch=watch, interval=Seconds(0.02))
        status = player.status()
    assert status.rests == 1
    assert listener.pitches == pitches_of_scale() * 6
    assert listener.sounding == ()
    # It ends when it was to end, later by the lead and the rest: nothing was hurried.
    assert status.time >= 6 * 0.5 + 5 * 0.05 + status.rested - 0.02


def test_an_error_of_the_composer_reaches_the_caller_and_leaves_silence() -> None:
    def breaking() -> Iterator[StreamItem]:
        yield from scales(1)
        raise ZeroDivisionError("composing failed")

    listener = Listener()
    player = Player(breaking(), PacedSink(listener))
    player.start()
    with pytest.raises(ZeroDivisionError, match="composing failed"):
        player.wait()
    assert listener.sounding == ()
    assert isinstance(player.error, ZeroDivisionError)
    player.stop()


def test_an_error_of_the_sinks_own_thread_reaches_the_caller() -> None:
    player = Player(scales(), PacedSink(Listener(deaf_after=5)))
    player.start()
    with pytest.raises(PortError, match="the synth has gone"):
        player.wait()
    player.stop()


def test_what_cannot_be_opened_starts_nothing(tmp_path: Path) -> None:
    player = Player(scales(), FileSink(tmp_path / "missing" / "out.mid"))
    with pytest.raises(OutputError, match="no folder"):
        player.start()
    assert not player.status().running
    player.stop()


def test_a_file_is_written_faster_than_it_would_sound(tmp_path: Path) -> None:
    path = tmp_path / "out.mid"
    with Player(scales(), FileSink(path), limit=Seconds(600.0)) as player:
        player.wait()
        status = player.status()
    assert len(read_back(path).notes) == status.notes
    assert status.notes > 9000


def test_the_status_says_what_plays_before_during_and_after() -> None:
    seen: list[Status] = []
    with Player(scales(2, rest=0.3), none_sink()) as player:
        before = player.status()
        player.wait(watch=seen.append, interval=Seconds(0.02))
    assert before.resting == "starting"
    assert before.title == ""
    assert {status.resting for status in seen} >= {"", "between movements"}
    assert max(status.bar for status in seen) == 1
    assert [s.notes for s in seen] == sorted(s.notes for s in seen)
    assert all(status.composed_ahead <= 2.0 for status in seen)


def test_a_program_that_forgets_to_stop_still_leaves_everything_in_order(tmp_path: Path) -> None:
    path = tmp_path / "out.mid"
    program = (
        "from pathlib import Path; from playbach.playback.player import Player; "
        "from playbach.sinks.file import FileSink; from tests.device.streams import scales; "
        f"player = Player(scales(), FileSink(Path({str(path)!r})), limit=60.0); "
        "player.start(); player.wait()"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=Path(__file__).parents[3])
    assert read_back(path).notes
