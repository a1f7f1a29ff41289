"""The time of what plays never goes back, whatever a sink's clock does."""

from __future__ import annotations

from collections.abc import Sequence

from bench.virtual import VirtualSink
from tests.device.playback.listening import Hall
from tests.device.playback.test_engine import long_scale

from playbach.midi.messages import TimedMessage
from playbach.playback.controls import ChannelSettings, Controls
from playbach.playback.engine import Halt
from playbach.stream import Seconds


class SetBackSink(VirtualSink):
    """A synth whose clock can be set back for a while: its server was held up."""

    behind = 0.0

    def now(self) -> Seconds:
        return Seconds(super().now() - self.behind)


def test_a_sink_whose_clock_is_set_back_does_not_set_back_what_plays() -> None:
    hall = Hall(long_scale())
    hall.play(2.3)
    latest = hall.output.now()
    hall.sink.__class__ = SetBackSink
    hall.sink.behind = 0.5  # type: ignore[attr-defined]
    assert hall.output.now() == latest
    hall.engine.control(Controls(ChannelSettings(transpose=3)))
    assert hall.output.now() == latest


class EagerSink(VirtualSink):
    """A synth whose server has taken what is due soon, as those do that work in periods."""

    period = 0.085

    def cancel(self, after: Seconds = Seconds(0.0)) -> Sequence[TimedMessage]:
        return super().cancel(Seconds(max(after, self.now() + self.period)))


def test_what_has_left_before_its_time_is_not_taken_for_taken_back() -> None:
    hall = Hall(long_scale())
    hall.sink.__class__ = EagerSink
    hall.play(2.05)  # the note of 2.1 is on its way
    hall.engine.halt(Halt.PAUSED)
    hall.play(0.5)
    assert hall.notes()[-1] == (2.1, 52)
    assert hall.sounding.notes == ()
    hall.engine.release(Halt.PAUSED)
    hall.play(1.0)
    assert [pitch for _, pitch in hall.notes()][:6] == [48, 49, 50, 51, 52, 53]
    assert hall.struck_twice == 0


def test_what_one_taking_back_left_alone_is_not_taken_for_taken_back_by_the_next() -> None:
    hall = Hall(long_scale())
    hall.sink.__class__ = EagerSink
    hall.play(2.05)  # the note of 2.1 is on its way
    hall.engine.compose_again()  # leaves alone what is due within a quarter of a second
    hall.engine.halt(Halt.PAUSED)
    hall.play(0.5)
    assert hall.notes()[-1] == (2.1, 52)
    assert hall.sounding.notes == ()
