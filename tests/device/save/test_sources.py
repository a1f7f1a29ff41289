"""Sources for LilyPond and ABC, as a person would write them; ``make test-scores`` plays them."""

from __future__ import annotations

import re
from dataclasses import replace

from hypothesis import given, settings
from tests.device.music.strategies import pieces

from playbach.midi.files import Placed
from playbach.music.key import parse_key
from playbach.music.meter import parse_meter
from playbach.music.note import Note, Piece, Pitch, Ticks
from playbach.save.abc import abc
from playbach.save.lilypond import lilypond

# Two parts of two bars with an upbeat: a chord that is tied on, a triplet, 32nds, and a bass.
FIRST = (
    (0, 58, 24),
    (24, 51, 72), (24, 67, 72),
    (96, 39, 24), (96, 55, 48),
)  # fmt: skip
SECOND = (
    (144, 57, 8), (152, 58, 8), (160, 57, 8),
    (168, 63, 24), (192, 62, 12), *((204 + 3 * n, 60 + n, 3) for n in range(4)), (216, 59, 24),
    (240, 51, 48),
)  # fmt: skip
"""Onset, pitch and duration of notes."""


def dance() -> Placed:
    later = [*FIRST, *((o + 144, p, d) for o, p, d in (*FIRST, *SECOND))]
    rows = sorted([*later, *((o + 288, p, d) for o, p, d in SECOND)])
    piece = Piece(
        tuple(Note(Ticks(o), Pitch(p), Ticks(d)) for o, p, d in rows),
        ((Ticks(0), parse_key("Eb")),), ((Ticks(0), parse_meter("3/4")),),
        pickup=Ticks(24), title='Suite 1 in E♭ major, "V" Menuet',
    )  # fmt: skip
    return Placed(
        piece, 120, piece.end, double_bar=Ticks(144), repeated=True, composer="Play Bach, seed 7"
    )


LILYPOND = r"""\version "2.24.0"
\header {
  title = "Suite 1 in E♭ major, \"V\" Menuet"
  composer = "Play Bach, seed 7"
  tagline = ##f
}
\score {
  \new Staff <<
    \set Staff.midiInstrument = "cello"
    \new Voice {
      \autoBeamOff \tempo 4 = 120
      \repeat volta 2 {
      \clef bass \key ees \major \numericTimeSignature \time 3/4 \partial 1*24/96 \oneVoice bes4 |
      \oneVoice <ees g'>2. |
      \voiceOne g2
      } \repeat volta 2 {
      \oneVoice \tuplet 3/2 { a8[ bes8 a8] } |
      \oneVoice ees'4 d'8[ c'32 des'32 d'32 ees'32] b4 |
      \oneVoice ees2
      }
    }
    \new Voice {
      \autoBeamOff
      \repeat volta 2 {
      \voiceTwo s1*24/96 |
      \voiceTwo s1*72/96 |
      \voiceTwo ees,4 r4
      } \repeat volta 2 {
      \voiceTwo s1*24/96 |
      \voiceTwo s1*72/96 |
      \voiceTwo s1*48/96
      }
    }
  >>
  \layout { }
  \midi { }
}
"""
ABC = """%abc-2.1
I:linebreak <none>

X:1
T:Suite 1 in E♭ major, "V" Menuet
C:Play Bach, seed 7
M:3/4
L:1/8
Q:1/4=120
%%score (1 2)
K:Ebmaj clef=bass
%%MIDI program 42
V:1
B,2 | [E,G]6 | G,4 :| |:(3:2:3=A,B,=A, | E2 DC/4_D/4=D/4E/4 =B,2 | E,4 :|
V:2
x2 | x6 | E,,2 z2 :| |:x2 | x6 | x4 :|
"""


def test_a_source_for_lilypond() -> None:
    assert lilypond([dance()]) == LILYPOND


def test_a_tune_in_abc() -> None:
    assert abc([dance()]) == ABC


@settings(max_examples=25, deadline=None)
@given(pieces())
def test_every_onset_of_any_music_is_in_both(piece: Piece) -> None:
    placed = Placed(piece, 80, piece.end)
    struck = len(piece.notes)
    # A tied note goes on: what is struck is what no tie leads to.
    music = lilypond([placed]).split("\\new Voice", 1)[1]
    names = re.findall(r"(?<![\w\\\"])[a-g](?:es|is){0,2}[,']*(?=[\d ~>\\])", music)
    ties = music.count("~")
    assert len(names) - music.count("\\key ") - ties == struck
    tune = re.sub(r"\[[KM]:.*?\]", "", abc([placed]).split("\nV:1\n", 1)[1])
    assert len(re.findall(r"[A-Ga-g]", tune)) - tune.count("-") == struck


def test_movements_of_a_suite_have_titles_of_their_own() -> None:
    other = replace(dance(), piece=replace(dance().piece, title="Suite 1 in E♭ major, VI Gigue"))
    source = lilypond([dance(), other])
    assert source.count("\\score {") == 2
    assert 'title = "Suite 1 in E♭ major"' in source
    assert 'piece = "Suite 1 in E♭ major, VI Gigue"' in source
    assert abc([dance(), other]).count("\nX:") == 2
