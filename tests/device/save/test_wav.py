"""Sound files hold the music: rendered by the real fluidsynth, and listened to."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from tests.device.sound.test_synth import needs_synth

from playbach.errors import OutputError, PortError
from playbach.midi.files import Placed
from playbach.music.meter import Meter
from playbach.music.note import Note, Piece, Pitch, Ticks
from playbach.save import wav
from playbach.sound.synth import library


def movement(*onsets: int, tempo: float = 60.0, length: int = 96, rest: float = 0.0) -> Placed:
    """Short notes at these ticks, each of its own pitch."""
    notes = tuple(Note(Ticks(o), Pitch(48 + i), Ticks(6)) for i, o in enumerate(onsets))
    return Placed(Piece(notes), tempo, Ticks(length), rest)


def rendered(path: Path, *movements: Placed) -> npt.NDArray[np.float64]:
    """The louder channel in 10 ms steps: the largest sample of each, 0 to 1."""
    wav.write(movements, path)
    with wave.open(str(path)) as sound:
        assert (sound.getnchannels(), sound.getsampwidth(), sound.getframerate()) == (2, 2, 44100)
        frames = np.frombuffer(sound.readframes(sound.getnframes()), dtype="<i2").reshape(-1, 2)
    level = np.abs(frames.astype(np.float64) / 2**15).max(axis=1)
    steps = len(level) // 441
    return np.asarray(level[: 441 * steps].reshape(steps, 441).max(axis=1))


def onsets(level: npt.NDArray[np.float64]) -> list[float]:
    """Seconds at which it becomes loud after 0.2 s of less."""
    loud = level > level.max() / 4
    return [i / 100 for i in np.flatnonzero(loud) if not loud[max(i - 20, 0) : i].any()]


@needs_synth
def test_every_note_is_heard_when_it_is_due(tmp_path: Path) -> None:
    # At 60 beats a minute 24 ticks are a second.
    level = rendered(tmp_path / "a.wav", movement(0, 24, 48, 84))
    assert 20 * np.log10(level.max()) == pytest.approx(-1.0, abs=0.01)
    assert onsets(level) == pytest.approx([0.0, 1.0, 2.0, 3.5], abs=0.1)


@needs_synth
def test_it_lasts_as_long_as_the_music_and_its_echo(tmp_path: Path) -> None:
    level = rendered(tmp_path / "a.wav", movement(0, 480, length=504))
    assert 20.25 <= len(level) / 100 <= 20.25 + 8
    # It is not cut off while anything is to be heard.
    assert level[-5:].max() < level.max() / 100


@needs_synth
def test_movements_have_their_tempi_and_the_rests_between_them(tmp_path: Path) -> None:
    slow, fast = movement(0, rest=2.0), movement(0, 48, tempo=120)
    # The slow one has a bar of 4 s, then 2 s of silence; the fast one a note each second.
    assert wav.seconds([slow, fast]) == pytest.approx(4 + 2 + 1.125)
    assert onsets(rendered(tmp_path / "a.wav", slow, fast)) == pytest.approx([0, 6, 7], abs=0.1)


def test_a_change_of_meter_changes_the_length_of_a_beat() -> None:
    notes = (Note(Ticks(0), Pitch(60), Ticks(96 + 72)),)
    piece = Piece(notes, meters=((Ticks(0), Meter(4, 4)), (Ticks(96), Meter(6, 8))))
    assert wav.seconds([Placed(piece, 60, piece.end)]) == pytest.approx(4 + 2)


@needs_synth
def test_its_loudest_sample_is_at_minus_1_db(tmp_path: Path) -> None:
    chords = tuple(
        Note(Ticks(48 * i), Pitch(pitch), Ticks(48)) for i in range(4) for pitch in (43, 50, 59, 67)
    )
    loudest = rendered(tmp_path / "a.wav", Placed(Piece(chords), 60, Ticks(192))).max()
    assert loudest == pytest.approx(10 ** (-1 / 20), abs=0.001)


def test_without_the_library_the_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    library.cache_clear()
    monkeypatch.setattr("playbach.sound.synth._NAMES", ())
    monkeypatch.setattr("ctypes.util.find_library", lambda _: None)
    with pytest.raises(PortError, match=r"^libfluidsynth is not installed; apt install"):
        wav.check()


@needs_synth
def test_without_a_sound_font_the_line_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("SOUNDFONT", raising=False)
    monkeypatch.setattr("playbach.sinks.soundfont._FOLDERS", (tmp_path,))
    with pytest.raises(PortError, match=r"^there is no sound font; apt install fluidsynth"):
        wav.check()


@needs_synth
def test_a_sound_font_that_is_missing_or_none_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    font = tmp_path / "font.sf2"
    monkeypatch.setenv("SOUNDFONT", str(font))
    with pytest.raises(PortError, match=r"no such file; name a \.sf2 or \.sf3 file"):
        wav.check()
    font.write_bytes(b"this is no sound font")
    with pytest.raises(PortError, match=r"font\.sf2: this is not a sound font"):
        wav.write([movement(0)], tmp_path / "a.wav")


@needs_synth
def test_music_that_no_wav_file_can_hold_is_refused_before_rendering(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    with pytest.raises(OutputError, match=r"^the music takes more than the 6 hours that a WAV"):
        wav.write([movement(0, 24 * 60 * 60 * 7)], path)
    assert not path.exists()
