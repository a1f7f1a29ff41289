"""Kinds of sound are learned from sources, and measured on others; the board tells the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.io import wavfile

from playbach.errors import BundleError, InputError
from playbach.sound.classifier import NETWORKS, RATE, Classifier, Samples, resampled
from playbach_convert.cli import main as convert
from playbach_train.cli import main as train
from playbach_train.commands import say_nothing
from playbach_train.sound.recordings import read_sounds


def sound(kind: str, source: int, seconds: float, rate: int = RATE) -> Samples:
    """A tone with partials, or noise; each source has its own colour and loudness."""
    rng = np.random.default_rng(source)
    times = np.arange(round(seconds * rate)) / rate
    if kind == "tones":
        hertz = rng.uniform(150, 600)
        partials = [np.sin(2 * np.pi * hertz * n * times) / n for n in range(1, 6)]
        whole = np.sum(partials, axis=0)
    else:
        whole = np.convolve(rng.standard_normal(len(times)), rng.uniform(0, 1, 3), "same")
    return np.asarray(rng.uniform(0.05, 0.2) * whole, np.float32)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two kinds, five sources each; one is a folder of short files."""
    root = tmp_path_factory.mktemp("sounds")
    for kind in ("noise", "tones"):
        (root / kind / "many").mkdir(parents=True)
        for source in range(4):
            wavfile.write(root / kind / f"{source}.wav", RATE, sound(kind, source, 8))
        for part in range(8):
            wavfile.write(root / kind / "many" / f"{part}.wav", RATE, sound(kind, 4, 0.6))
        (root / kind / "notes.txt").write_text("no sound")
    return root


def test_no_source_is_both_learned_from_and_measured_on(folder: Path) -> None:
    sounds = read_sounds(folder, "features", 0, say_nothing)
    assert sounds.labels == ("noise", "tones")
    assert sounds.sources == {"train": 6, "validation": 2, "test": 2}
    parts = (sounds.train, sounds.seen, sounds.validation, sounds.test)
    # 2 kinds with 4 sources of 8 seconds, and of 4.8 the whole ones.
    assert sum(len(part.labels) for part in parts) == 2 * (4 * 8 + 4)
    colours = [{tuple(np.round(clip[2:], 3)) for clip in part.inputs} for part in parts]
    assert not colours[0] & colours[3]


@pytest.mark.parametrize("network", NETWORKS)
def test_what_was_learned_is_told_on_the_board(
    folder: Path, tmp_path: Path, network: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run, out = tmp_path / "run", tmp_path / "room.sounds"
    command = ["sounds", "--folder", str(folder), "--run", str(run), "--network", network]
    assert train([*command, "--epochs", "5"]) == 0
    assert "told rightly, of 2 sources never heard: 100%" in capsys.readouterr().out
    assert convert([str(run), "-o", str(tmp_path / "room.effect")]) == 2
    assert convert([str(run), "-o", str(out)]) == 0
    classifier = Classifier(out)
    assert classifier.manifest.accuracy == 1.0
    for kind in ("noise", "tones"):
        shares = classifier.shares(sound(kind, 77, 2.5, 48_000), 48_000)
        assert next(iter(shares)) == kind
        assert sum(shares.values()) == pytest.approx(1.0, abs=1e-5)
    assert classifier.shares(np.zeros(100, np.float32), 48_000) == {}
    out.write_bytes(out.read_bytes()[:-20])
    with pytest.raises(BundleError, match="truncated"):
        Classifier(out)


def test_a_folder_that_teaches_nothing_is_one_line(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nowhere: is no folder"):
        read_sounds(tmp_path / "nowhere", "features", 0, say_nothing)
    (tmp_path / "speech").mkdir()
    with pytest.raises(InputError, match="has 1 folders; give one for each kind of sound"):
        read_sounds(tmp_path, "features", 0, say_nothing)
    (tmp_path / "tones").symlink_to(folder / "tones")
    with pytest.raises(InputError, match="speech: 0 sources of a second and more; at least 3"):
        read_sounds(tmp_path, "features", 0, say_nothing)


def test_another_rate_is_the_same_sound() -> None:
    times = np.arange(2 * 44_100) / 44_100
    tone = np.sin(2 * np.pi * 440 * times).astype(np.float32)
    same = np.sin(2 * np.pi * 440 * np.arange(2 * RATE) / RATE)
    assert np.abs(resampled(tone, 44_100) - same)[100:-100].max() < 0.01
