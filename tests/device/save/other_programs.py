"""What is saved opens in other programs, with the same notes: ``make test-notation``.

Each test skips where its program is not installed: ``apt install musescore3 lilypond abcmidi`` and,
in the environment of the tests, ``pip install lxml musicxml partitura``.
"""

from __future__ import annotations

import base64
import importlib.util
import io
import os
import shutil
import subprocess
import zipfile
from functools import cache
from pathlib import Path
from xml.etree import ElementTree as ET

import mido
import numpy as np
import pytest
import verovio
from bench.report import composer_of
from music21 import converter
from tests.device.save import score

from playbach.bundle import default_bundle_path, read_bundle
from playbach.cli.save import compose
from playbach.composer.composer import ComposerSettings
from playbach.composer.settings import Wishes
from playbach.midi.files import Placed
from playbach.music.form import parse_form
from playbach.music.grid import without_overlaps
from playbach.music.key import parse_key
from playbach.music.meter import parse_meter
from playbach.music.note import Note, Piece, Pitch, Ticks
from playbach.save.formats import save
from playbach.save.score import measures_of

FORMS = ("prelude", "allemande", "courante", "sarabande", "menuet", "bourree", "gavotte", "gigue")
PIECES = (*FORMS, "suite", "triplets", "voices")


@cache
def music(name: str) -> tuple[Placed, ...]:
    """A movement of a form with its repeats, a suite, or music harder than any that is composed."""
    if name in FORMS:
        wishes = Wishes(form=parse_form(name), key=parse_key("Gb"), repeats=True)
    elif name == "suite":
        wishes = Wishes()
    else:
        return (hard(name),)
    bundle = read_bundle(default_bundle_path())
    composer = composer_of(bundle, settings=ComposerSettings(wishes), seed=27)
    return tuple(compose(composer, suite=name == "suite", repeats=wishes.repeats))


def hard(name: str) -> Placed:
    rng = np.random.default_rng(1)
    steps = (2, 3, 4, 6, 8, 12, 24) if name == "triplets" else (0, 6, 12, 24)
    lengths = steps if name == "triplets" else (6, 12, 18, 36, 60)
    at, notes = 0, []
    for _ in range(200):
        notes.append(
            Note(Ticks(at), Pitch(int(rng.integers(40, 76))), Ticks(int(rng.choice(lengths))))
        )
        at += int(rng.choice(steps))
    piece = Piece(
        without_overlaps(notes)[0], ((Ticks(0), parse_key("g# minor")),),
        ((Ticks(0), parse_meter("3/4")),), pickup=Ticks(12), title='A "hard" \\ B♭ & <one>',
    )  # fmt: skip
    return Placed(piece, 66, piece.end)


Sounds = list[tuple[int, int, int]]
"""Onset, pitch and duration."""


def sounds(movements: tuple[Placed, ...], *, unfolded: bool = False) -> Sounds:
    """What readers must find: each part once, movements one after another."""
    found, start = [], 0
    for one in movements:
        line, bar = one.double_bar, one.piece.meters[0][1].bar_ticks
        # Each part is there twice.
        second = -(-(one.piece.end - 2 * line) // (2 * bar)) * bar
        for note in one.piece.notes:
            onset: int = note.onset
            if one.repeated and not unfolded:
                if line <= onset < 2 * line or onset >= 2 * line + second:
                    continue
                onset -= line if onset >= line else 0
            found.append((start + onset, int(note.pitch), int(note.duration)))
        start += sum(measure.bar.length for measure in measures_of(one))
    return sorted(found)


def saved(folder: Path, name: str, suffix: str) -> Path:
    path = folder / f"a{suffix}"
    save(music(name), path, force=False)
    return path


def needs(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"{program} is not installed")


def ran(folder: Path, *command: str | Path) -> str:
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, "QT_QPA_PLATFORM": "offscreen"}, check=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
    )  # fmt: skip
    return done.stdout


def in_midi(content: bytes) -> Sounds:
    """The notes of a MIDI file."""
    file = mido.MidiFile(file=io.BytesIO(content))
    scale = 24 / file.ticks_per_beat
    found = []
    for track in file.tracks:
        at = 0
        begun: dict[tuple[int, int], int] = {}
        for message in track:
            at += message.time
            if message.type not in {"note_on", "note_off"}:
                continue
            onset = begun.pop((message.channel, message.note), None)
            if onset is not None:
                found.append((round(onset * scale), message.note, round((at - onset) * scale)))
            if message.type == "note_on" and message.velocity:
                begun[message.channel, message.note] = at
    return sorted(found)


def assert_alike(midi: bytes, name: str, ticks: int = 2) -> None:
    """See that a file has the notes, with their repeats, each within so many ticks."""
    by_pitch = [
        sorted((pitch, onset, duration) for onset, pitch, duration in rows)
        for rows in (in_midi(midi), sounds(music(name), unfolded=True))
    ]
    for found, expected in zip(*by_pitch, strict=True):
        assert found == pytest.approx(expected, abs=ticks)


def in_score(part: object) -> Sounds:
    return sorted((int(n.onset), int(n.pitch), int(n.duration)) for n in score.notes(part))


@pytest.mark.parametrize("name", PIECES)
def test_the_score_is_valid_musicxml_4_0(tmp_path: Path, name: str) -> None:
    etree = pytest.importorskip("lxml.etree", reason="lxml is not installed")
    package = importlib.util.find_spec("musicxml")
    if package is None or package.origin is None:
        pytest.skip("the package musicxml, which has the schema, is not installed")
    schema = Path(package.origin).parent / "generate_classes" / "musicxml_4_0.xsd"
    (tmp_path / "musicxml.xsd").write_text(
        schema.read_text(encoding="utf-8").replace("http://www.musicxml.org/xsd/", "")
    )
    # The two small schemas that it imports from elsewhere.
    for file, space, attributes in (
        ("xlink.xsd", "http://www.w3.org/1999/xlink", "href type role title show actuate"),
        ("xml.xsd", "http://www.w3.org/XML/1998/namespace", "lang space"),
    ):
        rows = "".join(
            f'<xs:attribute name="{one}" type="xs:string"/>' for one in attributes.split()
        )
        xs = "http://www.w3.org/2001/XMLSchema"
        (tmp_path / file).write_text(
            f'<xs:schema xmlns:xs="{xs}" targetNamespace="{space}">{rows}</xs:schema>'
        )
    offline = etree.XMLParser(no_network=True, load_dtd=False)
    valid = etree.XMLSchema(etree.parse(str(tmp_path / "musicxml.xsd"), offline))
    path = saved(tmp_path, name, ".musicxml")
    valid.assertValid(etree.parse(str(path), offline))
    with zipfile.ZipFile(saved(tmp_path, name, ".mxl")) as archive:
        where = ET.fromstring(archive.read("META-INF/container.xml")).find("*/rootfile")  # noqa: S314
        assert where is not None
        assert archive.read(where.attrib["full-path"]) == path.read_bytes()


@pytest.mark.parametrize("suffix", [".musicxml", ".mxl"])
@pytest.mark.parametrize("name", PIECES)
def test_music21_reads_it(tmp_path: Path, name: str, suffix: str) -> None:
    (part,) = converter.parse(saved(tmp_path, name, suffix), forceSource=True).parts
    assert in_score(part) == sounds(music(name))


@needs("musescore3")
@pytest.mark.parametrize("suffix", [".musicxml", ".mxl"])
@pytest.mark.parametrize("name", PIECES)
def test_musescore_opens_it(tmp_path: Path, name: str, suffix: str) -> None:
    ran(tmp_path, "musescore3", "-o", "again.musicxml", saved(tmp_path, name, suffix))
    again = score.read((tmp_path / "again.musicxml").read_bytes())
    assert in_score(again) == sounds(music(name))


# Its conversion has a whole bar for the upbeat of a movement that is not the first, and its MIDI
# joins notes of one pitch in two voices.
@needs("musicxml2ly")
@pytest.mark.parametrize("name", [*FORMS, "triplets"])
def test_lilypond_reads_it(tmp_path: Path, name: str) -> None:
    saved(tmp_path, name, ".musicxml")
    ran(tmp_path, "musicxml2ly", "--midi", "-o", "a.ly", "a.musicxml")
    source = tmp_path / "a.ly"
    # As it is written: it would shorten the notes, and play the repeats.
    source.write_text(source.read_text().replace("\\unfoldRepeats \\articulate", ""))
    ran(tmp_path, "lilypond", "-dno-print-pages", "a.ly")
    assert in_midi((tmp_path / "a.midi").read_bytes()) == sounds(music(name))


@needs("lilypond")
@pytest.mark.parametrize("name", PIECES)
def test_lilypond_plays_its_own_source(tmp_path: Path, name: str) -> None:
    saved(tmp_path, name, ".ly")
    said = ran(tmp_path, "lilypond", "--loglevel=WARNING", "-dno-print-pages", "a.ly")
    files = [tmp_path / f"a{'-' * (n > 0)}{n or ''}.midi" for n in range(len(music(name)))]
    played = [in_midi(path.read_bytes()) for path in files]
    assert played == [sounds((movement,)) for movement in music(name)]
    assert "warning" not in said or name not in (*FORMS, "suite")


@pytest.mark.parametrize("name", PIECES)
def test_verovio_plays_it(tmp_path: Path, name: str) -> None:
    toolkit = verovio.toolkit()
    assert toolkit.loadFile(str(saved(tmp_path, name, ".musicxml")))
    # Its MIDI loses a little of a note that is tied out of a triplet.
    assert_alike(base64.b64decode(toolkit.renderToMIDI()), name)


# It says what it leaves out, such as the metronome mark.
@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("name", PIECES)
def test_partitura_reads_it(tmp_path: Path, name: str) -> None:
    partitura = pytest.importorskip("partitura", reason="partitura is not installed")
    (part,) = partitura.load_musicxml(saved(tmp_path, name, ".musicxml")).parts
    rows = part.note_array()
    found = zip(rows["onset_div"], rows["pitch"], rows["duration_div"], strict=True)
    assert sorted(tuple(map(int, row)) for row in found) == sounds(music(name))


@needs("abc2midi")
@pytest.mark.parametrize("name", [name for name in PIECES if name != "suite"])
def test_abc2midi_plays_abc(tmp_path: Path, name: str) -> None:
    saved(tmp_path, name, ".abc")
    said = ran(tmp_path, "abc2midi", "a.abc", "-o", "a.mid")
    assert "Error" not in said
    # It leaves a little silence between notes, and a little between those of a chord.
    assert_alike((tmp_path / "a.mid").read_bytes(), name, ticks=4)
