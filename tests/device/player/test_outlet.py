"""The time of what plays never goes back, whatever a sink's clock does."""

from __future__ import annotations

from bench.virtual import VirtualSink
from tests.device.player.listening import Hall
from tests.device.player.test_stage import long_scale

from playbach.player.controls import Controls, Voice
from playbach.stream import Seconds


class SetBackSink(VirtualSink):
    """A synth whose clock can be set back for a while: its server was held up."""

    behind = 0.0

    def now(self) -> Seconds:
        return Seconds(super().now() - self.behind)


def test_a_sink_whose_clock_is_set_back_does_not_set_back_what_plays() -> None:
    hall = Hall(long_scale())
    hall.play(2.3)
    latest = hall.outlet.now()
    hall.sink.__class__ = SetBackSink
    hall.sink.behind = 0.5  # type: ignore[attr-defined]
    assert hall.outlet.now() == latest
    hall.stage.control(Controls(Voice(transpose=3)))
    assert hall.outlet.now() == latest
