"""Hypothesis strategies for music: any piece that is on the grid.

Pieces are in the form that a MIDI file can say: a change of key or meter is a change, and a title
is one line that can be printed.
"""

from __future__ import annotations

from itertools import accumulate

from hypothesis import strategies as st

from playbach.music.form import FORMS, Form
from playbach.music.grid import without_overlaps
from playbach.music.key import Key, Mode
from playbach.music.meter import MAX_BEATS, UNITS, Meter
from playbach.music.note import MAX_PITCH, Note, Piece, Pitch, Ticks

# Triplets and plain values, down to a single tick, a tie over many bars.
DURATIONS = (1, 2, 3, 4, 6, 8, 12, 16, 18, 24, 32, 36, 48, 72, 96, 400)
COMMON_METERS = tuple(Meter(*m) for m in ((4, 4), (3, 4), (2, 2), (6, 8), (3, 8), (12, 8), (3, 2)))

forms: st.SearchStrategy[Form] = st.sampled_from(FORMS)
keys: st.SearchStrategy[Key] = st.builds(Key, st.integers(0, 11), st.sampled_from(Mode))
meters: st.SearchStrategy[Meter] = st.one_of(
    st.sampled_from(COMMON_METERS),
    st.builds(Meter, st.integers(1, MAX_BEATS), st.sampled_from(UNITS)),
)
titles: st.SearchStrategy[str] = st.text(
    st.characters(exclude_categories=("C", "Z"), exclude_characters="\N{NO-BREAK SPACE}"),
    max_size=40,
) | st.sampled_from(["Suite 3 in D minor, IV Sarabande", "Bourrée", "Präludium 前奏曲"])


@st.composite
def note_lists(draw: st.DrawFn, *, min_size: int = 1, max_size: int = 30) -> tuple[Note, ...]:
    """Notes with chords, rests, ties, triplets and single ticks, none struck while it sounds."""
    size = draw(st.integers(min_size, max_size))
    steps = st.one_of(st.just(0), st.sampled_from(DURATIONS), st.integers(0, 200))
    onsets = accumulate(draw(st.lists(steps, min_size=size, max_size=size)))
    lengths = st.one_of(st.sampled_from(DURATIONS), st.integers(1, 500))
    # A narrow range makes chords, repeated notes and unisons meet.
    pitches = draw(st.sampled_from([st.integers(0, MAX_PITCH), st.integers(48, 55)]))
    raw = [Note(Ticks(o), Pitch(draw(pitches)), Ticks(draw(lengths))) for o in onsets]
    return without_overlaps(raw)[0]


@st.composite
def key_changes(draw: st.DrawFn) -> tuple[tuple[Ticks, Key], ...]:
    """A home key and up to three changes, each to another key."""
    changes = [(Ticks(0), draw(keys))]
    for step in draw(st.lists(st.integers(1, 300), max_size=3)):
        key = draw(keys.filter(changes[-1][1].__ne__))
        changes.append((Ticks(changes[-1][0] + step), key))
    return tuple(changes)


@st.composite
def meter_changes(draw: st.DrawFn, pickup: int, first: Meter) -> tuple[tuple[Ticks, Meter], ...]:
    """A meter and up to two changes at bar lines, each to another meter."""
    changes = [(Ticks(0), first)]
    line = pickup
    for bars in draw(st.lists(st.integers(0, 4), max_size=2)):
        last = changes[-1][1]
        line += bars * last.bar_ticks
        if line > changes[-1][0]:
            changes.append((Ticks(line), draw(meters.filter(last.__ne__))))
    return tuple(changes)


@st.composite
def pieces(draw: st.DrawFn, *, min_size: int = 1, max_size: int = 30) -> Piece:
    """Any piece: chords, rests, ties, pickups, triplets, changes of key and meter."""
    meter = draw(meters)
    pickup = draw(st.one_of(st.just(0), st.integers(0, meter.bar_ticks - 1)))
    return Piece(
        notes=draw(note_lists(min_size=min_size, max_size=max_size)),
        keys=draw(key_changes()),
        meters=draw(meter_changes(pickup, meter)),
        form=draw(forms),
        pickup=Ticks(pickup),
        title=draw(titles),
    )
