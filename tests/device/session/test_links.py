"""A link says all that a movement is made from, and what is no link is refused in one line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playbach.composer.settings import Wishes
from playbach.composer.suites import movement_at
from playbach.errors import InputError
from playbach.schema import changed
from playbach.session.links import MOST_NUMBER, Origin, link_to, read_link
from playbach.session.settings import DEFAULTS, MOST_SEED
from playbach.stream import Place

HERE = Origin("0123456789ab", "dynamic", "x86_64", "1.0")
places = st.builds(Place, st.integers(0, MOST_SEED), st.integers(1, MOST_NUMBER))
asked = st.fixed_dictionaries(
    {},
    optional={
        "temperature": st.floats(0.05, 5),
        "pitch_temperature": st.none() | st.floats(0.05, 5),
        "memory": st.floats(0, 2),
        "playable": st.booleans(),
        "repeats": st.booleans(),
        "tempo": st.just(77),
    },
)


@given(places, asked)
def test_a_link_is_read_as_it_was_made(place: Place, wanted: dict[str, object]) -> None:
    settings, movement = changed(DEFAULTS, wanted), movement_at(place, Wishes())
    link = read_link("http://board:8420/#" + link_to(movement, settings, HERE))
    assert link.place == place
    assert (link.asked.form, link.asked.key) == (movement.form.name, str(movement.key))
    assert link.asked.meter == str(movement.meter)
    assert link.asked.repeats == settings.repeats
    assert all(value == getattr(settings, name) for name, value in link.kept.items())
    assert "tempo" not in link.kept
    assert link.differences(HERE) == ()


def test_it_is_said_what_is_otherwise_here() -> None:
    link = read_link("play=1.1&model=0123456789ab&processor=aarch64&version=2.0")
    assert link.differences(HERE) == (
        "processor aarch64 there, x86_64 here",
        "version 2.0 there, 1.0 here",
    )


@pytest.mark.parametrize(
    "text",
    [
        "", "#", "play", "play=", "play=1", "play=1.0", "play=-1.1", "play=1.1000001", "x" * 9999,
        f"play={MOST_SEED + 1}.1", "play=1.1&form=waltz", "play=1.1&temperature=9", "play=1.1&a=1",
        "play=1.1&bundle=/etc/passwd", "play=1.1&sink=file", "play=1.1&memory=nan", "play=٣.1",
        "play=1.1&" * 60, "form=gigue", "play=1.1&key=%00", "play=1.1&temperature=%FF",
    ],
)  # fmt: skip
def test_what_is_no_link_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(InputError) as refusal:
        read_link(text)
    assert str(refusal.value).isprintable()
