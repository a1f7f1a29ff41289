"""What of the ALSA sink can be told without a sequencer: time, books, names, and its absence."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playbach.errors import PortError
from playbach.midi_messages import NOTE_ON, Sounding, TimedMessage, note_off, note_on
from playbach.sinks import alsa
from playbach.sinks.alsa import AlsaPort, AlsaSink, Ledger, choose_port, split_time
from playbach.stream import Seconds


def test_time_is_split_into_seconds_and_nanoseconds() -> None:
    assert split_time(12.000000005) == (12, 5)
    assert split_time(0.9999999999) == (1, 0)
    assert split_time(-0.1) == (0, 0)


@given(st.floats(0, 1e6))
def test_a_split_time_is_the_same_time(time: float) -> None:
    seconds, nanoseconds = split_time(time)
    assert 0 <= nanoseconds < 1_000_000_000
    assert abs(seconds + nanoseconds / 1e9 - time) < 1e-9


@st.composite
def queued(draw: st.DrawFn) -> list[TimedMessage]:
    messages = []
    for pitch in range(draw(st.integers(0, 12))):
        start = draw(st.floats(0, 2))
        end = start + draw(st.floats(0.01, 1))
        messages.append(TimedMessage(Seconds(start), note_on(0, pitch, 80)))
        messages.append(TimedMessage(Seconds(end), note_off(0, pitch)))
    return sorted(messages, key=lambda message: message.time)


@given(queued(), st.floats(0, 3), st.floats(0, 0.04))
def test_dropping_the_queue_leaves_no_note_behind(
    messages: list[TimedMessage], now: float, kernel_ahead: float
) -> None:
    """Whatever the kernel has sent by the time it is told to drop the rest is ended."""
    ledger = Ledger()
    ledger.add(messages, 0.0)
    ledger.drop(now)
    synth = Sounding()
    for message in messages:
        if message.time <= now + kernel_ahead:
            synth.hear(message.data)
    for data in ledger.silencing():
        synth.hear(data)
    assert synth.notes == ()
    assert [data for data in ledger.silencing() if data[0] & 0xF0 == NOTE_ON] == []


def test_the_first_real_synth_is_taken_when_none_is_named() -> None:
    ports = [AlsaPort(14, 0, "Midi Through:Port-0 14:0"), AlsaPort(20, 0, "Piano:MIDI 1 20:0")]
    assert choose_port(None, ports).client == 20
    assert choose_port("through", ports).client == 14
    with pytest.raises(PortError, match="no synth is connected"):
        choose_port(None, ports[:1])


def test_without_a_sequencer_one_line_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alsa, "ALSA_DEVICE", Path("/dev/snd/no-such-thing"))
    with pytest.raises(PortError, match=r"no ALSA sequencer .*modprobe snd-seq") as caught:
        AlsaSink("x").open()
    assert "\n" not in str(caught.value)
    assert alsa.alsa_ports() == []
