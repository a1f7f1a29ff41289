"""A synth is switched off and on while a session plays to it over a real JACK server."""

from __future__ import annotations

import pytest
from tests.fixtures.jack import Receiver, until
from tests.fixtures.make_tiny_bundle import TINY_BUNDLE

from playbach.midi.active_notes import all_notes_off
from playbach.midi.messages import program_change, volume
from playbach.schema import changed
from playbach.session.session import Session
from playbach.session.settings import Settings


@pytest.mark.usefixtures("jack")
def test_the_music_rests_and_goes_on_when_the_synth_is_back_and_knows_what_to_play() -> None:
    wanted = {
        "bundle": str(TINY_BUNDLE),
        "tempo": 300,
        "program": 24,
        "volume": 90,
        "sink": "jack",
        "port": Receiver.name,
    }
    receiver = Receiver()
    session = Session(changed(Settings(), wanted), seed=1)
    with session:
        until(lambda: bool(receiver.music), "a note")
        receiver.close()
        until(lambda: session.status().resting == "waiting for the synth", "the rest")
        assert not session.status().connected
        receiver = Receiver()
        try:
            until(lambda: bool(receiver.music), "a note for the synth that is back")
            heard = receiver.heard
            before_music = heard[: len(heard) - len(receiver.music)]
            told = [program_change(0, 24), volume(0, 90)]
            assert before_music[: len(all_notes_off([0]))] == all_notes_off([0])
            assert before_music[len(all_notes_off([0])) :][:2] == told
            assert session.status().connected
        finally:
            session.stop()
            assert receiver.sounding == ()
            receiver.close()
    assert session.error is None
