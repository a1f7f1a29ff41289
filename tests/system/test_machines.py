"""What the tests on other machines reckon with: wheels, nearness, verdicts, what is missing."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest
from tests.system.machines.arm import nearness
from tests.system.machines.needs import NeedError, ended, need
from tests.system.machines.service import loudness, sound_rows
from tests.system.machines.table import Row, table
from tests.system.machines.wheels import ROOT, Target, wanted_on

BOARD = (ROOT / "requirements" / "board.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("python", "machine", "has", "has_not"),
    [
        ("3.11", "aarch64", {"ai-edge-litert", "python-rtmidi"}, {"tflite-runtime"}),
        ("3.13", "aarch64", {"ai-edge-litert", "alsa-midi"}, {"tflite-runtime", "python-rtmidi"}),
        ("3.11", "armv7l", {"tflite-runtime"}, {"ai-edge-litert", "python-rtmidi"}),
    ],
)
def test_a_board_is_given_what_the_requirements_say_of_it(
    python: str, machine: str, has: set[str], has_not: set[str]
) -> None:
    wanted = wanted_on(BOARD, Target(python, machine, 36))
    names = {line.split("==")[0] for line in wanted}
    assert has <= names
    assert not has_not & names
    assert all(" --hash=sha256:" in line for line in wanted)
    assert not any(";" in line or "\\" in line for line in wanted)


def test_wheels_for_older_systems_fit_newer_ones() -> None:
    platforms = Target("3.11", "aarch64", 19).platforms
    assert platforms == [
        "manylinux_2_19_aarch64", "manylinux_2_18_aarch64", "manylinux_2_17_aarch64",
        "manylinux2014_aarch64",
    ]  # fmt: skip


def test_the_worst_part_of_the_variant_asked_for_tells_how_near_it_is() -> None:
    even, uneven = np.array([[0.5, 0.5]], np.float32), np.array([[0.25, 0.75]], np.float32)
    wanted = {"float32/shift": even, "float32/pitch": even, "int8/shift": even}
    found = {"float32/shift": even, "float32/pitch": uneven, "int8/shift": even}
    near = nearness(wanted, found, "float32")
    assert near.probability == 0.25
    assert near.nats == pytest.approx(0.5 * np.log(2) + 0.5 * np.log(2 / 3))
    assert nearness(wanted, found, "int8").nats == 0


def test_rounding_gives_no_negative_divergence() -> None:
    exact = np.array([[0.1, 0.2, 0.7]], np.float32)
    for scale in (1 - 1e-6, 1 + 1e-6):
        near = nearness({"int8/pitch": exact}, {"int8/pitch": exact * np.float32(scale)}, "int8")
        assert 0 <= near.nats < 1e-12


def test_a_table_shows_each_verdict() -> None:
    rows = [Row(("int8", "200"), right=True), Row(("float32", "7"), right=False)]
    assert table("notes", ("variant", "n"), rows) == (
        "notes\n\nvariant  n\nint8     200  ok\nfloat32  7    WRONG\n"
    )


def test_a_recording_is_loud_while_music_plays_and_silent_after_it(tmp_path: Path) -> None:
    path = tmp_path / "vm.wav"
    music = np.random.default_rng(1).normal(0, 1000, (48_000 * 3, 2)).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setparams((2, 2, 48_000, 0, "NONE", ""))
        file.writeframes(music.tobytes())
        file.writeframes(bytes(48_000 * 2 * 4))
    assert [row.right for row in sound_rows(path)] == [True, True]
    heard = loudness(path)
    assert heard.tail == 0
    assert heard.whole == pytest.approx(1000 * (3 / 5) ** 0.5, rel=0.01)


def test_a_recording_that_was_never_begun_is_no_sound(tmp_path: Path) -> None:
    (tmp_path / "vm.wav").write_bytes(b"")
    assert [row.right for row in sound_rows(tmp_path / "vm.wav")] == [False, False]


def test_what_is_missing_is_said_in_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.system.machines.needs.PATH", "")

    def test() -> int:
        need("qemu-aarch64-static", "mke2fs")
        raise AssertionError

    assert ended(test, "test-arm") == 2
    assert capsys.readouterr().err == (
        "test-arm: qemu-aarch64-static, mke2fs is missing; on Debian: apt install "
        "qemu-user-static e2fsprogs\n"
    )
    with pytest.raises(NeedError, match=r"apt install qemu-user-static$"):
        need("qemu-aarch64-static")
