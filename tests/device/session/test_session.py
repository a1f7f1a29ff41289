"""A session is steered while it plays, tells what it does, and never leaves a note."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
from tests.device.playback.listener import Listener
from tests.device.session.conftest import Play, until
from tests.fixtures.make_tiny_bundle import TINY_BUNDLE
from tests.fixtures.midi_source import GivenSource
from tests.read_back import read_back

from playbach.composer.composer import Composer
from playbach.composer.settings import Wishes
from playbach.errors import BundleError, InputError, PlaybachError
from playbach.midi.active_notes import ActiveNotes
from playbach.midi.messages import CLOCK, CONTINUE, NOTE_ON, STOP
from playbach.music.form import parse_form
from playbach.music.note import Note
from playbach.schema import changed
from playbach.session.commands import Command
from playbach.session.history import MOST_WAITING
from playbach.session.model import composer_settings, load_model
from playbach.session.parts import Parts
from playbach.session.session import Session
from playbach.session.settings import Settings
from playbach.session.status import Changed, Event, NoteAhead, Transport, Withdrawn
from playbach.sinks.midi_input import MidiInput, Received
from playbach.sinks.paced import PacedSink
from playbach.stream import Place


def test_settings_reach_the_synth(play: Play) -> None:
    with play() as (session, listener):
        session.change({"expression": 0})
        until(lambda: listener.notes, "a note")
        session.change(
            {"program": 24, "volume": 70, "channel": 5, "transpose": -12, "velocity": 30}
        )
        until(lambda: any(data[0] == 0x94 for data in listener.notes), "a note on channel 5")
    heard = [data.hex(" ") for data in listener.heard]
    first = next(i for i, data in enumerate(listener.heard) if data[0] == 0x94)
    assert {"c4 18", "b4 07 46"} <= set(heard[:first])
    assert listener.heard[first][2] in {30, 38}


def test_a_mistake_changes_nothing(play: Play) -> None:
    with play() as (session, _):
        before = session.settings
        for wanted, error in (
            ({"tempo": 60, "transpose": 99}, InputError),
            ({"tempo": 60, "bundle": "missing.bundle"}, BundleError),
            ({"tempo": 60, "variant": "none such"}, InputError),
            ({"tempo": 60, "meter": "1/32"}, InputError),
            ({"tempo": 60, "self": 1, "wanted": 1}, InputError),
            ({"tempo": 60, "port": "no such port at all"}, PlaybachError),
        ):
            with pytest.raises(error):
                session.change(wanted)
            assert session.settings == before


def test_another_form_and_key_begin_with_the_next_movement(play: Play) -> None:
    with play({"form": "allemande", "key": "C major"}) as (session, listener):
        until(lambda: len(listener.notes) > 5, "notes")
        title = session.status().title
        session.change({"form": "gigue", "key": "F minor"})
        count = len(listener.notes)
        until(lambda: len(listener.notes) > count + 8, "more notes")
        assert session.status().title == title
        session.command(Command.NEXT_MOVEMENT)
        until(lambda: session.status().title != title, "another movement")
        movement = session.status().playing.movement
        assert movement is not None
        assert (movement.form.name, str(movement.key)) == ("gigue", "F minor")


def test_another_form_and_key_begin_soon_if_that_is_wished(play: Play) -> None:
    with play({"form": "allemande", "key": "C major"}) as (session, listener):
        until(lambda: len(listener.notes) > 5, "notes")
        session.change({"form": "gigue", "key": "F minor"})
        session.command(Command.NOW)
        began = session.now()

        def heard() -> bool:
            movement = session.status().playing.movement
            return movement is not None and movement.form.name == "gigue"

        until(heard, "a gigue")
        movement = session.status().playing.movement
        assert movement is not None
        assert str(movement.key) == "F minor"
        assert session.now() - began < 20


def test_a_wish_that_is_met_already_interrupts_nothing(play: Play) -> None:
    with play({"form": "allemande", "key": "C major"}) as (session, listener):
        until(lambda: listener.notes, "a note")
        title = session.status().title
        session.change({"form": None})
        session.change({"form": "allemande"})
        session.command(Command.NOW)
        count = len(listener.notes)
        until(lambda: len(listener.notes) > count + 8, "more notes")
        assert session.status().title == title


def _place(session: Session) -> Place | None:
    movement = session.status().playing.movement
    return None if movement is None else movement.place


def test_again_plays_the_movement_once_more_and_the_next_suite_can_be_gone_to(play: Play) -> None:
    def begun(place: Place) -> list[int]:
        """The first pitches of a movement, once it is heard."""
        heard: list[int] = []

        def enough() -> bool:
            for event in subscription.take():
                if isinstance(event, NoteAhead) and event.movement.place == place:
                    if event.index == 0:
                        heard.clear()
                    heard.append(event.pitch)
            return len(heard) > 5

        until(enough, f"the beginning of {place}")
        until(lambda: _place(session) == place, "it is heard")
        return heard[:5]

    with play({"form": "gigue"}) as (session, _), session.subscribe() as subscription:
        first = begun(Place(1, 1))
        # Wished of those that come, and not of the one that is played again.
        session.change({"form": "sarabande"})
        session.command(Command.AGAIN)
        assert begun(Place(1, 1)) == first
        session.command(Command.NEXT_SUITE)
        begun(Place(1, 8))
        session.go_to(Place(1, 1), Wishes(parse_form("gigue")))
        assert begun(Place(1, 1)) == first
        model = load_model(session.settings)
        saved = Composer(model.predictor, model.pitches, 1, lambda: composer_settings(
            replace(session.settings, form="gigue")))  # fmt: skip
        assert [item.pitch for item in islice(saved, 6) if isinstance(item, Note)] == first


def test_pause_play_next_stop_and_panic(play: Play) -> None:
    with play() as (session, listener):
        until(lambda: listener.notes, "a note")
        session.command(Command.PAUSE)
        until(lambda: session.status().resting == "paused", "the pause")
        until(lambda: listener.sounding == (), "silence")
        assert session.status().transport is Transport.PAUSED
        count = len(listener.notes)
        session.command(Command.PLAY)
        until(lambda: len(listener.notes) > count, "music again")
        title = session.status().title
        session.command(Command.NEXT_MOVEMENT)
        until(lambda: session.status().title not in {"", title}, "another movement")
        session.command(Command.STOP)
        until(lambda: listener.sounding == () and session.status().resting, "silence")
        assert session.status().transport is Transport.STOPPED
        title = session.status().title
        session.command(Command.PLAY)
        until(lambda: session.status().title != title, "the movement after that")
        session.command(Command.PANIC)
        until(lambda: bytes((0xBF, 123, 0)) in listener.heard, "the last channel's notes off")
        assert session.status().transport is Transport.PAUSED


def expected(events: list[Event]) -> list[int]:
    """The pitches that a listener expects who heard all events."""
    coming: list[NoteAhead] = []
    for event in events:
        if isinstance(event, Withdrawn):
            coming = [note for note in coming if note.at < event.after]
        elif isinstance(event, NoteAhead):
            coming.append(event)
    return [note.pitch for note in coming]


def test_a_listener_hears_of_notes_before_they_sound(play: Play) -> None:
    with play() as (session, listener), session.subscribe() as subscription:
        for transpose in (0, 5, -3, 2):
            session.change({"transpose": transpose})
            count = len(listener.notes) + 3
            until(lambda count=count: len(listener.notes) >= count, "notes")  # type: ignore[misc]
        events = subscription.take()
    pitches = listener.pitches
    assert expected(events)[: len(pitches)] == pitches
    assert {Changed, Withdrawn, NoteAhead} == {type(event) for event in events}
    note = next(event for event in events if isinstance(event, NoteAhead))
    assert 0 < note.duration < 60
    assert note.movement.title.startswith("Suite 1 in ")


def test_a_listener_that_never_listens_costs_nothing(play: Play) -> None:
    with play() as (session, listener), session.subscribe() as subscription:
        for _ in range(MOST_WAITING + 50):
            session.command(Command.PLAY)
        until(lambda: listener.notes, "a note")
        assert subscription.lost >= 50
        assert len(subscription.take()) <= MOST_WAITING


def test_what_was_played_can_be_kept(play: Play) -> None:
    with play() as (session, listener):
        with pytest.raises(InputError, match="nothing was played"):
            session.recent(5)
        until(lambda: len(listener.notes) > 10, "notes")
        kept = session.recent(5)
        with pytest.raises(InputError, match="at most 60"):
            session.recent(61)
    sounding, pitches = ActiveNotes(), []
    for _, message in read_back(kept).messages:
        sounding.hear(message)
        if message[0] == NOTE_ON:
            pitches.append(message[1])
    assert sounding.notes == ()
    # A note that still sounded is not among them.
    assert Counter(pitches) <= Counter(listener.pitches)
    assert len(pitches) >= 5


def test_movements_are_saved_and_the_oldest_make_room(play: Play, tmp_path: Path) -> None:
    folder = tmp_path / "movements"
    folder.mkdir()
    mine = folder / "my own.mid"
    mine.write_bytes(b"precious")
    old = folder / "2001-01-01 00-00-00 Suite 1 in C major, I Prelude.mid"
    old.write_bytes(bytes(2000))
    with play({"tempo": 400}, recordings=folder, recordings_bytes=2000) as (session, listener):
        until(lambda: len(listener.notes) > 3, "notes")
        session.command(Command.NEXT_MOVEMENT)
        until(lambda: not old.exists(), "room")
    assert mine.read_bytes() == b"precious"
    saved = [path for path in folder.iterdir() if path != mine]
    assert len(saved) == 1
    piece = read_back(saved[0])
    assert len(piece.notes) >= 3
    assert piece.title in saved[0].name


def test_a_model_is_changed_between_movements(play: Play) -> None:
    with play({"variant": "float32"}) as (session, listener):
        until(lambda: listener.notes, "a note")
        session.change({"variant": None})
        assert session.status().variant != ""
        title = session.status().title
        session.command(Command.NEXT_MOVEMENT)
        until(lambda: session.status().title not in {"", title}, "another movement")


def test_another_sink_takes_over_and_the_first_is_left_in_silence(play: Play) -> None:
    second = Listener()
    with play(parts=Parts(make_sink=lambda _: PacedSink(second))) as (session, first):
        until(lambda: first.sounding, "a note")
        now = session.now()
        session.change({"sink": "none"})
        assert first.sounding == ()
        assert first.closed
        until(lambda: len(second.notes) > 2, "notes at the other sink")
        assert session.now() >= now
    assert second.sounding == ()
    assert bytes((0xC0, 42)) in second.heard


def test_an_error_of_any_thread_ends_the_session_with_its_reason() -> None:
    listener = Listener(deaf_after=140)
    settings = changed(Settings(), {"bundle": str(TINY_BUNDLE), "tempo": 400})
    session = Session(settings, sink=PacedSink(listener), seed=1)
    session.start()
    with pytest.raises(PlaybachError, match="the synth has gone"):
        session.wait()
    assert session.error is not None
    session.stop()
    assert not [t for t in threading.enumerate() if t.name.startswith("playbach-")]


def test_movements_that_were_played_can_be_had_again(play: Play) -> None:
    with play({"tempo": 400, "form": "song"}) as (session, _):
        until(session.pieces, "a movement that is over")
        piece = session.pieces()[0]
        assert piece.id == len(session.pieces())
        assert 0 < piece.ended <= session.now()
        again = read_back(piece.midi())
    assert len(again.notes) == len(piece.notes)
    assert [note.pitch for note in again.notes] == piece.notes["pitch"].tolist()


def test_an_external_clock_sets_the_tempo_and_starts_and_stops(play: Play) -> None:
    metronome = GivenSource()

    parts = Parts(make_input=lambda _name: MidiInput(metronome))
    with play({"clock_in": "metronome"}, parts=parts) as (session, listener):
        until(lambda: listener.notes, "a note")
        tick = 60 / 90 / 24
        metronome.coming = [Received(index * tick, bytes([CLOCK])) for index in range(100)]

        def follows() -> bool:
            playing = session.status().playing
            beat = playing.movement.meter.beat_ticks if playing.movement else 24
            return round(playing.tempo * beat / 24) == 90

        until(follows, "the tempo")
        metronome.coming = [Received(200 * tick, bytes([STOP]))]
        until(lambda: session.status().transport is Transport.PAUSED, "the stop")
        metronome.coming = [Received(300 * tick, bytes([CONTINUE]))]
        until(lambda: session.status().transport is Transport.PLAYING, "the start")
        session.change({"clock_in": None})
        until(lambda: session.status().playing.tempo == 200, "our own tempo")


def test_notes_say_what_they_recall_once_somebody_listens(play: Play) -> None:
    with play() as (session, _), session.subscribe() as subscription:
        told: list[NoteAhead] = []

        def recalling() -> bool:
            told.extend(event for event in subscription.take(1) if isinstance(event, NoteAhead))
            return sum(bool(note.recalls) for note in told) > 10

        until(recalling, "notes with what they recall")
    for note in told:
        assert all(recall.index < note.index for recall in note.recalls)


def test_who_does_not_look_is_told_but_neither_woken_nor_of_what_notes_recall(play: Play) -> None:
    woken: list[bool] = []
    with play() as (session, _), session.subscribe(lambda: woken.append(True)) as subscription:
        until(lambda: session.status().playing.notes, "music")
        before = session.status().playing.movement
        assert woken
        subscription.is_watched = False
        session.command(Command.NEXT_MOVEMENT)
        told: list[NoteAhead] = []

        def since() -> list[NoteAhead]:
            told.extend(event for event in subscription.take(1) if isinstance(event, NoteAhead))
            return [note for note in told if note.movement != before]

        until(since, "a note of the next movement")
        woken.clear()
        until(lambda: len(since()) > 12, "more of them")
        assert not woken
        assert not any(note.recalls for note in since())
