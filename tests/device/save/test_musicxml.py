"""MusicXML says every note: read back by music21, taken by verovio without a word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from xml.etree import ElementTree as ET

import pytest
import verovio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.device.music.strategies import pieces
from tests.device.save import score

from playbach.midi.files import Placed
from playbach.music.key import Key, parse_key
from playbach.music.meter import parse_meter
from playbach.music.note import BarLines, Note, Piece, Pitch, Ticks
from playbach.music.performed import Performance, PerformedNote
from playbach.save.musicxml import musicxml

# Reading takes music21 a second for a few hundred notes.
few = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def placed(piece: Piece, tempo: float = 80.0) -> Placed:
    return Placed(piece, tempo, piece.end)


def written(piece: Piece) -> bytes:
    return musicxml([placed(piece)])


def tune(*rows: tuple[int, int, int], **heading: object) -> Piece:
    """A piece of ``(onset, pitch, duration)``."""
    notes = tuple(Note(Ticks(o), Pitch(p), Ticks(d)) for o, p, d in rows)
    return Piece(notes, **heading)  # type: ignore[arg-type]  # the rest as Piece has it


@few
@given(pieces())
def test_every_note_comes_back_with_its_pitch_onset_and_duration(piece: Piece) -> None:
    assert score.notes(score.read(written(piece))) == piece.notes


@few
@given(pieces())
def test_bars_are_full_and_have_their_number_key_and_meter(piece: Piece) -> None:
    lines = BarLines(piece.meters, piece.pickup)
    at = 0
    for bar in score.tree(written(piece)).iter("measure"):
        place = lines.place(at)
        assert bar.get("number") == str(place.bar)
        length = _length(bar)
        assert 0 < length <= place.meter.bar_ticks - place.tick
        assert (bar.get("implicit") == "yes") == (place.tick > 0)
        key, meter = bar.find("attributes/key"), bar.find("attributes/time")
        if key is not None:
            assert [key.findtext("fifths"), key.findtext("mode")] == _signature(piece, at)
        if meter is not None:
            assert f"{meter.findtext('beats')}/{meter.findtext('beat-type')}" == str(place.meter)
        at += length
    assert at >= piece.end


def _signature(piece: Piece, tick: int) -> list[str]:
    key = [key for start, key in piece.keys if start <= tick][-1]
    return [str(key.sharps), key.mode.value]


def _length(bar: ET.Element) -> int:
    """Ticks of a bar, all voices having come to their end inside it."""
    at = longest = 0
    for element in bar:
        duration = int(element.findtext("duration", "0"))
        if element.tag == "backup":
            at -= duration
        elif element.find("chord") is None:
            at += duration
        assert at >= 0
        longest = max(longest, at)
    # The first voice fills the bar: it ends where the first `backup` goes back from.
    first = bar.findtext("backup/duration")
    assert first is None or int(first) == longest
    return longest


@few
@given(pieces())
def test_values_dots_and_triplets_add_up_to_durations(piece: Piece) -> None:
    kinds = ("64th", "32nd", "16th", "eighth", "quarter", "half", "whole", "breve")
    for note in score.tree(written(piece)).iter("note"):
        kind = note.findtext("type")
        if kind is None:
            rest = note.find("rest")
            assert rest is not None
            assert rest.get("measure") == "yes"
            continue
        value = Fraction(3, 2) * 2 ** kinds.index(kind)
        value *= Fraction(3, 2) if note.find("dot") is not None else 1
        value *= Fraction(2, 3) if note.find("time-modification") is not None else 1
        assert value == int(note.findtext("duration", "0"))


@few
@given(pieces())
def test_beams_and_triplets_that_begin_also_end(piece: Piece) -> None:
    for bar in score.tree(written(piece)).iter("measure"):
        for voice in {note.findtext("voice") for note in bar.iter("note")}:
            notes = [note for note in bar.iter("note") if note.findtext("voice") == voice]
            tuplets = [one.get("type") for note in notes for one in note.iter("tuplet")]
            assert tuplets == ["start", "stop"] * (len(tuplets) // 2)
            for level in "1234":
                beams = [
                    beam.text
                    for note in notes
                    for beam in note.iter("beam")
                    if beam.get("number") == level and "hook" not in str(beam.text)
                ]
                shown = "".join({"begin": "(", "continue": "", "end": ")"}[str(b)] for b in beams)
                assert shown == "()" * (len(shown) // 2)


@settings(few, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(movements=st.lists(pieces(), min_size=1, max_size=3))
def test_verovio_engraves_it_without_a_warning(
    capfd: pytest.CaptureFixture[str], movements: Sequence[Piece]
) -> None:
    assert engraved(musicxml([placed(piece) for piece in movements]))
    assert capfd.readouterr().err == ""


def test_a_warning_of_verovios_would_be_heard(capfd: pytest.CaptureFixture[str]) -> None:
    engraved(written(tune((0, 60, 24))).replace(b"quarter</type>", b"quart</type>"))
    assert "Unsupported note-type-value 'quart'" in capfd.readouterr().err


def engraved(xml: bytes) -> str:
    """The first page."""
    verovio.enableLog(verovio.LOG_WARNING)
    toolkit = verovio.toolkit()
    # On one endless system: how lines are filled is no matter of the score's.
    toolkit.setOptions({"inputFrom": "xml", "breaks": "none"})
    assert toolkit.loadData(xml.decode())
    page: str = toolkit.renderToSVG(1)
    return page


def test_a_movement_has_its_title_clef_key_meter_tempo_and_pickup() -> None:
    piece = tune(
        (0, 50, 12), (12, 57, 36), (48, 49, 36),
        keys=((0, parse_key("D minor")),), meters=((0, parse_meter("6/8")),),
        pickup=12, title="Suite 1 in D minor, VII Gigue",
    )  # fmt: skip
    root = score.tree(musicxml([replace(placed(piece), composer="Play Bach, seed 7")]))
    assert root.findtext("work/work-title") == "Suite 1 in D minor, VII Gigue"
    assert root.findtext("identification/creator") == "Play Bach, seed 7"
    above = {one.findtext("credit-type"): one.findtext("credit-words") for one in root}
    assert (above["title"], above["composer"]) == (piece.title, "Play Bach, seed 7")
    pickup, bar = root.iter("measure")
    assert (pickup.get("number"), pickup.get("implicit")) == ("0", "yes")
    assert (bar.get("number"), bar.get("implicit")) == ("1", None)
    attributes = pickup.find("attributes")
    assert attributes is not None
    assert [attributes.findtext(f"key/{part}") for part in ("fifths", "mode")] == ["-1", "minor"]
    assert [attributes.findtext(f"time/{part}") for part in ("beats", "beat-type")] == ["6", "8"]
    assert [attributes.findtext(f"clef/{part}") for part in ("sign", "line")] == ["F", "4"]
    assert bar.find("attributes") is None
    # 80 dotted quarters a minute.
    assert pickup.find("direction/direction-type/metronome/beat-unit-dot") is not None
    assert pickup.findtext("direction/direction-type/metronome/per-minute") == "80"
    sound = pickup.find("direction/sound")
    assert sound is not None
    assert sound.get("tempo") == "120"
    assert bar.findtext("barline/bar-style") == "light-heavy"


@pytest.mark.parametrize(
    ("pitches", "clef"),
    [
        ((36, 45, 60, 67), "F4"),
        ((48, 62, 69, 70, 71, 71), "F4"),
        ((62, 71, 72, 74, 76, 77, 76, 74, 72, 74), "C4"),
        ((74, 84, 86, 88, 86, 84, 86, 84, 83, 81), "G2"),
    ],
)
def test_the_clef_suits_the_movement(pitches: tuple[int, ...], clef: str) -> None:
    piece = tune(*((24 * i, pitch, 24) for i, pitch in enumerate(pitches)))
    root = score.tree(written(piece))
    assert f"{root.findtext('.//clef/sign')}{root.findtext('.//clef/line')}" == clef


def test_a_high_passage_has_a_clef_of_its_own_and_a_high_note_has_not() -> None:
    low, high, leap = (38, 40, 38, 43), (74, 76, 77, 76), (38, 72, 38, 40)
    pitches = [*low, *leap, *low, *high, *high, *high, *low, *low, *low]
    piece = tune(*((24 * i, pitch, 24) for i, pitch in enumerate(pitches)))
    bars = score.tree(written(piece)).iter("measure")
    clefs = {bar.get("number"): bar.findtext("attributes/clef/sign") for bar in bars}
    assert {number: sign for number, sign in clefs.items() if sign} == {
        "1": "F",
        "4": "C",
        "7": "F",
    }


def test_instruments_have_clefs_of_their_own() -> None:
    piece = tune(*((24 * i, 60 + i, 24) for i in range(8)))
    for program, sign in ((40, "G2"), (41, "C3"), (42, "F4"), (73, "G2"), (43, "F4")):
        root = score.tree(musicxml([replace(placed(piece), program=program)]))
        assert f"{root.findtext('.//clef/sign')}{root.findtext('.//clef/line')}" == sign


def test_movements_of_a_suite_follow_each_other_each_under_its_name() -> None:
    first = tune((0, 48, 96), title="Suite 2 in C major, I Prelude")
    second = tune(
        (0, 50, 72), title="Suite 2 in C major, II Sarabande", meters=((0, parse_meter("3/4")),)
    )
    root = score.tree(musicxml([placed(first), placed(second)]))
    assert root.findtext("work/work-title") == "Suite 2 in C major"
    assert [bar.get("number") for bar in root.iter("measure")] == ["1", "1"]
    assert [words.text for words in root.iter("words")] == [first.title, second.title]
    assert len(root.findall(".//bar-style")) == 2
    assert score.notes(score.read(musicxml([placed(first), placed(second)]))) == (
        Note(Ticks(0), Pitch(48), Ticks(96)),
        Note(Ticks(96), Pitch(50), Ticks(72)),
    )


def test_an_accidental_stands_once_in_a_bar_and_is_taken_back_in_it() -> None:
    # In G major: F sharp (no sign), F natural, F natural again, F sharp; next bar F sharp.
    pitches = (54, 53, 53, 54, 54)
    piece = tune(
        *((24 * i, pitch, 24) for i, pitch in enumerate(pitches)),
        keys=((Ticks(0), Key(7, parse_key("G major").mode)),),
    )
    shown = [
        note.findtext("accidental")
        for note in score.tree(written(piece)).iter("note")
        if note.find("pitch") is not None
    ]
    assert shown == [None, "natural", None, "sharp", None]


def test_a_note_tied_over_a_bar_line_needs_no_second_accidental() -> None:
    piece = tune((0, 50, 72), (72, 49, 48), (120, 49, 24))
    shown = [
        note.findtext("accidental")
        for note in score.tree(written(piece)).iter("note")
        if note.findtext("pitch/step") == "C"
    ]
    assert shown == ["sharp", None, "sharp"]


def dance(*, repeated: bool) -> Placed:
    """Four bars of three quarters with an upbeat of one, the double bar before the third's."""
    part = [(24 * n, 60 + n, 24) for n in range(12)]
    if repeated:
        first, second = part[:6], part[6:]
        later = [(o + 144, p, d) for o, p, d in first] + [(o + 144, p, d) for o, p, d in second]
        part = [*first, *later, *((o + 288, p, d) for o, p, d in second)]
    meters = ((Ticks(0), parse_meter("3/4")),)
    piece = tune(*part, meters=meters, pickup=Ticks(24))
    return Placed(piece, 80, piece.end, double_bar=Ticks(144), repeated=repeated)


def test_a_dance_is_written_once_with_repeat_signs() -> None:
    measures = list(score.tree(musicxml([dance(repeated=True)])).iter("measure"))
    pitches = [measure.findall("note/pitch") for measure in measures]
    assert sum(map(len, pitches)) == 12
    assert [measure.get("number") for measure in measures] == ["0", "1", "2", "2", "3", "4"]
    signs = [
        (index, line.get("location"), line.find("repeat").get("direction"))  # type: ignore[union-attr]  # each has one
        for index, measure in enumerate(measures)
        for line in measure.iter("barline")
    ]
    assert signs == [(2, "right", "backward"), (3, "left", "forward"), (5, "right", "backward")]


def test_a_dance_that_is_not_repeated_has_a_double_bar() -> None:
    measures = list(score.tree(musicxml([dance(repeated=False)])).iter("measure"))
    styles = [
        line.findtext("bar-style") for measure in measures for line in measure.iter("barline")
    ]
    assert styles == ["light-light", "light-heavy"]


def slurs_of(content: bytes) -> list[tuple[str, int]]:
    """The onsets in the score at which slurs start and stop, in the order of the document."""
    found: list[tuple[str, int]] = []
    bar_start = 0
    for bar in score.tree(content).iter("measure"):
        at = onset = bar_start
        for element in bar:
            lasting = int(element.findtext("duration") or 0)
            if element.tag == "backup":
                at -= lasting
            elif element.tag in {"note", "forward"}:
                onset = onset if element.find("chord") is not None else at
                at = at if element.find("chord") is not None else at + lasting
                found += [(slur.get("type", ""), onset) for slur in element.iter("slur")]
        bar_start += _length(bar)
    return found


def bowed(piece: Piece, slurred: Sequence[int]) -> Placed:
    notes = tuple(PerformedNote(n, is_slurred=n.onset in slurred) for n in piece.notes)
    return replace(placed(piece), performance=Performance(notes))


def test_slurs_of_a_performance_stand_in_the_score() -> None:
    # The fifth note is tied over the bar line.
    piece = tune(
        *((12 * i, 50 + i % 5, 12) for i in range(7)), (84, 60, 24), (108, 55, 12), (120, 52, 12)
    )
    content = musicxml([bowed(piece, [12, 24, 60, 84])])
    assert slurs_of(content) == [
        ("start", 0), ("stop", 24), ("start", 48), ("stop", 60), ("start", 72), ("stop", 96),
    ]  # fmt: skip
    assert "<slur" not in musicxml([placed(piece)]).decode()
    toolkit = verovio.toolkit()
    assert toolkit.loadData(content.decode())
    assert toolkit.renderToSVG(1).count('class="slur"') == 3


def test_slurs_of_what_is_repeated_are_those_of_the_first_time() -> None:
    bar = [(12 * i, 50 + i, 12) for i in range(8)]
    played = tune(*((96 * n + o, p, d) for n in range(4) for o, p, d in bar))
    slurred = [12, 96 + 24, 192 + 36, 288 + 48]
    twice = replace(bowed(played, slurred), double_bar=Ticks(96), repeated=True)
    assert slurs_of(musicxml([twice])) == [
        ("start", 0),
        ("stop", 12),
        ("start", 120),
        ("stop", 132),
    ]
