"""The ALSA sink, on a real sequencer where there is one, and on one without a kernel everywhere."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.fixtures.jack import PATIENCE, until
from tests.fixtures.sequencer import FakeStage, Stage, sounding

from playbach.errors import PortAbsentError, PortError
from playbach.midi.active_notes import all_notes_off
from playbach.midi.messages import (
    CLOCK,
    TimedMessage,
    note_off,
    note_on,
    program_change,
    song_position,
    system_message,
)
from playbach.sinks import alsa_client
from playbach.sinks.alsa import AlsaSink
from playbach.sinks.alsa_client import AlsaPort, alsa_ports
from playbach.sinks.base import Change
from playbach.sinks.matching import first_port
from playbach.stream import Seconds

ON, OFF = note_on(0, 60, 80), note_off(0, 60)
RESETS = ["b0 7b 00", "b0 79 00"]


def at(time: float, data: bytes) -> TimedMessage:
    return TimedMessage(Seconds(time), data)


def hexed(messages: list[bytes]) -> list[str]:
    return [data.hex(" ") for data in messages]


class Told:
    def __init__(self) -> None:
        self.changes: queue.Queue[Change] = queue.Queue()
        self.failures: queue.Queue[BaseException] = queue.Queue()

    def next(self) -> Change:
        return self.changes.get(timeout=PATIENCE)


@contextmanager
def playing(pattern: str, *, absent_ok: bool = False) -> Iterator[tuple[AlsaSink, Told]]:
    sink, told = AlsaSink(pattern), Told()
    sink.open(absent_ok=absent_ok)
    try:
        sink.start(told.failures.put, told.changes.put)
        yield sink, told
    finally:
        sink.silence()
        sink.close()
    assert told.failures.empty()


def test_messages_leave_at_their_time_in_order_whatever_order_they_came_in(stage: Stage) -> None:
    synth = stage.synth("synth a")
    with playing("synth a") as (sink, _):
        assert sink.connected
        sink.send([at(0.3, OFF)])
        sink.send([at(0.1, program_change(0, 42)), at(0.1, ON), at(60.0, OFF)])
        assert synth.heard == []
        stage.pass_time(0.2)
        assert synth.heard == [program_change(0, 42), ON]
        stage.pass_time(0.2)
        assert synth.heard == [program_change(0, 42), ON, OFF]
        assert 0.4 <= sink.now() < 10


def test_the_kernel_looks_for_what_is_due_6250_times_a_second(stage: Stage) -> None:
    synth = stage.synth("synth a")
    with playing("synth a") as (sink, _):
        assert sink.queue is not None
        assert sink.queue._queue.get_timer().resolution == 6250
    # Held until here: a client is gone when its object is.
    synth.close()


def test_a_kernel_that_looks_less_often_plays_all_the_same(stage: Stage) -> None:
    if not isinstance(stage, FakeStage):
        pytest.skip("a real kernel does not refuse")
    stage.system.refuses_timer = True
    synth = stage.synth("synth a")
    with playing("synth a") as (sink, _):
        sink.send([at(0.1, ON), at(0.3, OFF)])
        stage.pass_time(0.2)
        assert synth.heard == [ON]


def test_another_play_bach_on_the_same_port_is_noticed_until_it_goes(stage: Stage) -> None:
    synth, other = stage.synth("synth a"), stage.synth("synth b")
    with playing("synth a") as (first, _), playing("synth b") as (elsewhere, _):
        with playing("synth a") as (second, _):
            until(lambda: first.is_shared and second.is_shared, "both notice")
            assert not elsewhere.is_shared
        until(lambda: not first.is_shared, "it is alone again")
    # Held until here: a client is gone when its object is.
    synth.close()
    other.close()


def test_clock_and_song_position_pass_unchanged(stage: Stage) -> None:
    synth = stage.synth("synth b")
    sent = [song_position(200), system_message(CLOCK)]
    with playing("synth b") as (sink, _):
        sink.send([at(0.05, data) for data in sent])
        stage.pass_time(0.1)
        assert synth.heard == sent


def test_what_is_taken_back_does_not_leave_and_nothing_else_is(stage: Stage) -> None:
    synth = stage.synth("synth c")
    with playing("synth c") as (sink, _):
        messages = [at(0.1 * step, note_on(0, 50 + step, 80)) for step in range(1, 9)]
        sink.send(messages)
        assert list(sink.cancel(Seconds(0.35))) == messages[3:]
        stage.pass_time(0.2)
        taken = list(sink.cancel())
        assert taken == messages[2:3]
        stage.pass_time(0.7)
        assert synth.heard == [message.data for message in messages[:2]]
        sink.send([at(sink.now(), message.data) for message in taken])
        stage.pass_time(0.05)
        assert synth.heard[2:] == [message.data for message in taken]


def test_silence_ends_what_sounds_and_drops_the_rest(stage: Stage) -> None:
    synth = stage.synth("synth d")
    with playing("synth d") as (sink, _):
        sink.send([at(0.1, ON), at(0.2, note_on(0, 64, 80)), at(5.0, OFF)])
        stage.pass_time(0.3)
        assert len(sounding(synth)) == 2
        sink.silence()
        assert sounding(synth) == ()
        assert hexed(synth.heard[-2:]) == RESETS
        count = len(synth.heard)
        stage.pass_time(0.1)
    assert len(synth.heard) == count


def test_a_note_is_ended_that_may_be_leaving_while_the_rest_is_dropped(stage: Stage) -> None:
    synth = stage.synth("synth e")
    with playing("synth e") as (sink, _):
        sink.send([at(0.1, ON), at(0.3, OFF)])
        stage.pass_time(0.095 if isinstance(stage, FakeStage) else 0.07)
    stage.pass_time(0.3)
    assert sounding(synth) == ()


def test_hushing_ends_the_notes_of_another_and_leaves_the_queue(stage: Stage) -> None:
    synth = stage.synth("synth f")
    with playing("synth f") as (sink, _):
        sink.send([at(0.1, ON)])
        sink.all_notes_off([0])
        stage.pass_time(0.2)
        assert synth.heard == [*all_notes_off([0]), ON]


def test_more_than_the_kernel_holds_waits_and_arrives(stage: Stage) -> None:
    synth = stage.synth("synth g")
    count = 2500
    with playing("synth g") as (sink, _):
        sink.send([at(0.1 + step / 2_000, note_on(0, step % 128, 80)) for step in range(count)])
        for _ in range(60):
            stage.pass_time(0.05)
            # As a player would, which asks for the time again and again.
            sink.send([])
            if len(synth.heard) == count:
                break
        assert synth.heard == [note_on(0, step % 128, 80) for step in range(count)]


def test_what_waits_for_room_is_fed_even_if_nobody_calls(stage: Stage) -> None:
    synth = stage.synth("synth h")
    with playing("synth h") as (sink, _):
        sink.send([at(0.05, ON)] * 900)
        stage.pass_time(0.1)

        def all_heard() -> bool:
            stage.pass_time(0.01)
            return len(synth.heard) == 900

        until(all_heard, "the rest")


def test_a_synth_that_goes_and_comes_back_under_other_numbers_is_lost_and_found(
    stage: Stage,
) -> None:
    synth = stage.synth("synth i")
    with playing("synth i") as (sink, told):
        sink.send([at(0.05, ON)])
        synth.close()
        assert told.next() is Change.LOST
        assert not sink.connected
        sink.send([at(sink.now(), OFF)])
        again = stage.synth("synth i")
        assert told.next() is Change.FOUND
        assert not sink.connected
        assert sink.reconnect()
        assert sink.connected
        sink.all_notes_off([0])
        sink.send([at(sink.now(), ON)])
        stage.pass_time(0.1)
        assert again.heard == [*all_notes_off([0]), ON]
        again.close()
        assert told.next() is Change.LOST


def test_a_synth_that_is_switched_off_and_on_at_once_is_lost_all_the_same(stage: Stage) -> None:
    synth = stage.synth("synth j")
    with playing("synth j") as (sink, told):
        synth.close()
        again = stage.synth("synth j")
        assert [told.next(), told.next()] == [Change.LOST, Change.FOUND]
        assert sink.reconnect()
        sink.send([at(sink.now(), ON)])
        stage.pass_time(0.1)
        assert again.heard == [ON]


def test_announcements_that_were_missed_are_taken_for_a_loss(stage: Stage) -> None:
    if not isinstance(stage, FakeStage):
        pytest.skip("a fault that a real sequencer cannot be asked for")
    synth = stage.synth("synth q")
    with playing("synth q") as (sink, told):
        stage.system.room = 0
        stage.synth("another")
        assert told.next() is Change.LOST
        stage.system.room = 200
        assert told.next() is Change.FOUND
        assert sink.reconnect()
        sink.send([at(sink.now(), ON)])
        stage.pass_time(0.1)
        assert ON in synth.heard


def test_another_synth_goes_before_one_that_is_less_preferred(stage: Stage) -> None:
    first, second = stage.synth("synth k"), stage.synth("synth l")
    with playing("synth l, synth k") as (sink, told):
        assert "synth l" in sink.description
        second.close()
        assert [told.next(), told.next()] == [Change.LOST, Change.FOUND]
        assert sink.reconnect()
        assert "synth k" in sink.description
        first.close()
        assert told.next() is Change.LOST


def test_a_synth_that_is_not_there_yet_is_waited_for_by_option_only(stage: Stage) -> None:
    with pytest.raises(PortAbsentError, match="port 'synth m': no ALSA port has that in its name"):
        AlsaSink("synth m").open()
    with playing("synth m", absent_ok=True) as (sink, told):
        assert not sink.connected
        synth = stage.synth("synth m")
        assert told.next() is Change.FOUND
        assert sink.reconnect()
        sink.send([at(sink.now(), ON)])
        stage.pass_time(0.1)
        assert synth.heard == [ON]


def test_for_a_player_that_does_not_listen_a_loss_is_a_failure(stage: Stage) -> None:
    synth = stage.synth("synth n")
    sink, told = AlsaSink("synth n"), Told()
    sink.open()
    sink.start(told.failures.put)
    synth.close()
    assert isinstance(told.failures.get(timeout=PATIENCE), PortError)
    with pytest.raises(PortError, match="it has gone; switch it on and start again"):
        sink.send([at(0.0, ON)])
    sink.silence()
    sink.close()


def test_a_port_that_refuses_is_an_error_of_one_line(stage: Stage) -> None:
    if not isinstance(stage, FakeStage):
        pytest.skip("a fault that a real sequencer cannot be asked for")
    stage.synth("synth o")
    stage.system.refuses = True
    with pytest.raises(PortError, match=r"cannot be connected: Operation not permitted; try again"):
        AlsaSink("synth o").open()


def test_a_small_pool_of_the_kernel_is_enough(stage: Stage) -> None:
    if not isinstance(stage, FakeStage):
        pytest.skip("a fault that a real sequencer cannot be asked for")
    stage.system.pool = 250
    synth = stage.synth("synth p")
    with playing("synth p") as (sink, _):
        sink.send([at(0.01 * step, note_on(0, step % 128, 80)) for step in range(400)])
        for _ in range(100):
            stage.pass_time(0.05)
            sink.send([])
        assert len(synth.heard) == 400


def test_the_first_real_synth_is_taken_when_none_is_named() -> None:
    ports = [AlsaPort(14, 0, "Midi Through:Port-0 14:0"), AlsaPort(20, 0, "Piano:MIDI 1 20:0")]
    assert first_port(None, ports, "ALSA", "no synth").client == 20
    assert first_port("through", ports, "ALSA", "no synth").client == 14
    with pytest.raises(PortError, match="no synth"):
        first_port(None, ports[:1], "ALSA", "no synth")


def test_without_a_sequencer_one_line_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alsa_client, "ALSA_DEVICE", Path("/dev/snd/no-such-thing"))
    with pytest.raises(PortError, match=r"no ALSA sequencer .*modprobe snd-seq") as caught:
        AlsaSink("x").open()
    assert "\n" not in str(caught.value)
    assert alsa_ports() == []


def test_a_port_of_its_own_plays_whether_anybody_is_connected_or_not(stage: Stage) -> None:
    synth = stage.synth("synth a")
    with playing("own") as (sink, told):
        assert sink.connected
        assert sink.description == "an ALSA port of its own, Play Bach:out (kernel queue)"
        sink.send([at(0.1, ON), at(0.3, OFF)])
        stage.pass_time(0.5)
        assert sink.connected
        assert told.changes.empty()
    assert synth.heard == []
