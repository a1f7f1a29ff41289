"""A movement begins with its theme as it was given, and comes back to it."""

from __future__ import annotations

from itertools import islice

import pytest
from bench.theme import FORMS, compose, returns
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.device.scripted import Scripted

from playbach.bundle import PitchRange, default_bundle_path, read_bundle
from playbach.composer.composer import Composer, ComposerSettings
from playbach.composer.settings import Wishes
from playbach.music.form import FORMS as ALL_FORMS
from playbach.music.meter import Meter
from playbach.music.note import Note, Piece, Ticks
from playbach.music.theme import Asked, Theme
from playbach.stream import Movement, MovementEnd, StreamItem
from playbach.themes import theme_from_notes

UPBEAT = "A3/8 | D4/4 F4 E4/8 D4 C#4/4 D4/2."
THEMES = {
    UPBEAT: None,
    "D4": None,
    "C3+E3+G3+C4/4 r/8": None,
    "C4/8 D4 E4 F4 G4 A4 B4 C5": Meter(7, 8),
    "C3/1 " * 8: None,
    "C2/32 E5/1": Meter(3, 8),
    "C3/4 D#3/32. E3/8 G3/2": Meter(5, 4),
}


def themed(typed: str, **changes: object) -> Theme:
    theme = theme_from_notes(typed, Asked(meter=THEMES.get(typed)))
    fields = {name: getattr(theme, name) for name in theme.__slots__} | changes
    return Theme(**fields).fitted(36, 76)


def composer_of(theme: Theme, form: str = "allemande", seed: int = 1) -> Composer:
    chosen = next(one for one in ALL_FORMS if one.name == form)
    settings_ = ComposerSettings(Wishes(form=chosen), theme=theme)
    return Composer(Scripted(), PitchRange(36, 76), seed, lambda: settings_)


def one_movement(composer: Composer) -> tuple[Movement, list[Note]]:
    movement = next(composer)
    assert isinstance(movement, Movement)
    notes: list[Note] = []
    for item in composer:
        if isinstance(item, MovementEnd):
            break
        assert isinstance(item, Note)
        notes.append(item)
    return movement, notes


@given(
    st.sampled_from(list(THEMES)),
    st.sampled_from([form.name for form in ALL_FORMS]),
    st.integers(0, 99),
)
@settings(max_examples=12)
def test_it_is_played_as_it_was_given_whatever_the_form(typed: str, form: str, seed: int) -> None:
    theme = themed(typed)
    composer = composer_of(theme, form, seed)
    movement, notes = one_movement(composer)
    assert tuple(notes[: len(theme.notes)]) == theme.notes
    assert (movement.key, movement.meter, movement.pickup) == (
        theme.key, theme.meter, theme.pickup
    )  # fmt: skip
    assert all(note.onset >= theme.length for note in notes[len(theme.notes) :])
    assert len(movement.bars) >= 2 * theme.bars
    # Refuses notes that are struck while they sound.
    Piece(tuple(notes), ((Ticks(0), theme.key),), ((Ticks(0), theme.meter),), pickup=theme.pickup)
    following, others = one_movement(composer)
    assert tuple(others[: len(theme.notes)]) != theme.notes or len(theme.notes) == 1
    assert following.position == 2


def test_the_same_theme_begins_when_composing_goes_back_before_it() -> None:
    theme = themed(UPBEAT)
    composer = composer_of(theme)
    start = composer.bookmark()
    first: list[StreamItem] = list(islice(composer, 40))
    start()
    assert list(islice(composer, 40)) == first


@pytest.mark.parametrize("typed", [UPBEAT, "C3/4 D3 E3"])
def test_what_was_heard_is_not_played_but_gone_on_from(typed: str) -> None:
    theme = themed(typed, is_heard=True, bars_after=6)
    movement, notes = one_movement(composer_of(theme, "prelude"))
    assert len(movement.bars) == 6
    assert movement.pickup == 0
    assert notes[0].onset < theme.meter.bar_ticks
    assert max(note.end for note in notes) <= 6 * theme.meter.bar_ticks


def test_it_comes_back_in_all_of_a_dozen_movements() -> None:
    """``python -m bench.theme`` counts it over 96, beside chance."""
    bundle = read_bundle(default_bundle_path())
    theme = theme_from_notes("D4/8 F4 E4 A4 G4 Bb4 A4/4.")
    found = [returns(theme, *compose(bundle, theme, seed)) for seed in range(2 * len(FORMS))]
    assert all(found)
    assert sum("moved" in kinds for kinds in found) >= len(FORMS)
