"""With the real library: a note begins on its very sample, and nothing is louder than allowed."""

from __future__ import annotations

import array
import math
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playbach.errors import PortError
from playbach.midi.messages import control_change, note_off, note_on, program_change
from playbach.sound.chain import CEILING, Chain, Limiter
from playbach.sound.options import SoundOptions
from playbach.sound.synth import BLOCK, Block, Synth, library

FONT = Path("/usr/share/sounds/sf2/TimGM6mb.sf2")
RATE = 48_000


def has_synth() -> bool:
    try:
        library()
    except PortError:
        return False
    return FONT.exists()


needs_synth = pytest.mark.skipif(
    not has_synth(),
    reason="no libfluidsynth or font (apt install fluidsynth timgm6mb-soundfont)",
)


def played(
    at: list[tuple[int, bytes]], blocks: int, reverb: float = 0.0
) -> tuple[list[float], list[float]]:
    """Left samples, dry and wet, of messages at their samples."""
    synth = Synth(RATE, FONT, SoundOptions(reverb=reverb))
    synth.hear(program_change(0, 42))
    dry, wet = Block(), Block()
    sounds: tuple[list[float], list[float]] = ([], [])
    for start in range(0, blocks * BLOCK, BLOCK):
        dry.clear()
        wet.clear()
        done = 0
        for sample, data in at:
            if start <= sample < start + BLOCK:
                synth.render(sample - start - done, dry, wet, done)
                done = sample - start
                synth.hear(data)
        synth.render(BLOCK - done, dry, wet, done)
        for sound, block in zip(sounds, (dry, wet), strict=True):
            sound.extend(block.left)
    synth.close()
    return sounds


@needs_synth
@settings(max_examples=6, deadline=None)
@given(late=st.integers(1, 200), before=st.integers(0, 90))
def test_a_note_is_the_same_sound_at_whatever_sample_it_begins(late: int, before: int) -> None:
    # Another note sounds already, whose blocks lie elsewhere.
    def sound(at: int) -> list[float]:
        return played([(before, note_on(0, 36, 80)), (at, note_on(0, 60, 90))], 24)[0]

    alone, _ = played([(before, note_on(0, 36, 80))], 24)
    one, two = sound(150), sound(150 + late)
    added = [[a - b for a, b in zip(sound, alone, strict=True)] for sound in (one, two)]
    assert max(added[0]) > 0.01
    assert added[0][: len(one) - late] == pytest.approx(added[1][late:], abs=1e-6)


@needs_synth
def test_reverb_is_apart_from_the_notes_and_ends_by_itself() -> None:
    dry, wet = played([(0, note_on(0, 48, 90)), (4000, note_off(0, 48))], 400, reverb=1.0)
    without, silence = played([(0, note_on(0, 48, 90)), (4000, note_off(0, 48))], 400)
    assert dry == without
    assert max(wet) > 0.001
    assert set(silence) == {0.0}


@needs_synth
def test_all_notes_off_ends_every_note_of_its_channel() -> None:
    notes = [(n * 37, note_on(0, 40 + n, 90)) for n in range(12)]
    dry, _ = played([*notes, (1000, control_change(0, 120, 0))], 40)
    assert any(dry[900:1000])
    assert not any(dry[2000:])


@needs_synth
def test_what_is_no_sound_font_is_said(tmp_path: Path) -> None:
    rubbish = tmp_path / "a.sf2"
    rubbish.write_bytes(b"RIFF" + bytes(100))
    with pytest.raises(PortError, match=r"a\.sf2: this is not a sound font"):
        Synth(RATE, rubbish, SoundOptions())


@needs_synth
def test_the_loudest_chord_stays_below_the_ceiling() -> None:
    chain = Chain(RATE, FONT, SoundOptions(gain=10.0))
    for key in range(36, 60):
        chain.hear(0, note_on(0, key, 127))
    loudest = max(abs(sample) for _ in range(200) for sample in chain.block().left)
    chain.close()
    assert 0.9 * CEILING < loudest <= CEILING * (1 + 1e-6)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 1000), loudness=st.floats(0.01, 30))
def test_the_limiter_holds_its_ceiling_and_leaves_alone_what_is_below(
    seed: int, loudness: float
) -> None:
    chance = random.Random(seed)
    limiter = Limiter(RATE)
    sent: list[float] = []
    heard: list[float] = []
    for _ in range(12):
        block = Block()
        level = loudness * chance.random()
        wave = [level * math.sin(0.1 * n + seed) for n in range(BLOCK)]
        block.left[:] = array.array("f", wave)
        sent.extend(block.left)
        heard.extend(limiter.process(block).left)
    assert max(map(abs, heard)) <= CEILING * (1 + 1e-6)
    if max(map(abs, sent)) <= CEILING:
        assert heard[BLOCK:] == sent[:-BLOCK]
    assert all(a * b >= 0 for a, b in zip(heard[BLOCK:], sent, strict=False))
