"""Whatever is wrong is one line, exit status 2, and nothing is written."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.device.cli.conftest import Command
from tests.fixtures import hostile
from tests.fixtures.make_tiny_bundle import TINY_BUNDLE

from playbach.archive import pack, unpack
from playbach.command_line import one_line

OPTIONS = {
    ("--key", "H flat"): "key 'H flat': not a key; write a letter from A to G",
    ("--key", ""): "key '': not a key",
    ("--key", "C major\nminor"): r'key "C major\nminor": it must be a key, such as D minor',
    ("--tempo", "0"): "tempo 0: it must be 10 to 400 felt beats per minute, or auto (each form has",
    ("--tempo", "-60"): "tempo -60: it must be 10 to 400",
    ("--tempo", "nan"): "tempo nan: it must be 10 to 400",
    ("--tempo", "inf"): "tempo inf: it must be 10 to 400",
    ("--tempo", "1e9"): "tempo 1e9: it must be 10 to 400",
    ("--tempo", "x"): "tempo x: it must be 10 to 400",
    ("--form", "gige"): "form 'gige': there is no such form (did you mean gigue?); choose one of",
    ("--form", "suite"): "'play' makes suites when no form is named, and 'save' with --suite",
    ("--form", "sarabnade"): "(did you mean sarabande?)",
    ("--form", "x" * 10_000): "it must be other, prelude,",
    ("--temperature", "0"): "temperature 0: it must be 0.05 to 5",
    ("--temperature", "nan"): "temperature nan: it must be 0.05 to 5",
    ("--temperature", "pitch=9"): "pitch_temperature 9.0: it must be 0.05 to 5",
    ("--temperature", "tempo=1"): "write a number, or numbers for some of shift, pitch, duration",
    ("--meter", "3/5"): "meter 3/5: the upper number is 1 to 32",
    ("--meter", "32/1"): "meter 32/1: a bar must last from 1/4 to 2/1",
    ("--top-p", "0"): "top_p 0: it must be 0.01 to 1",
    ("--top-p", "nan"): "top_p nan: it must be 0.01 to 1",
    ("--seed", "-1"): "seed -1: it must be a whole number, 0 to 9,223,372,036,854,775,807",
    ("--seed", "1" + "0" * 30): "0: it must be a whole number, 0 to 9,223,372,036,854,775,807",
    ("--seed", "1.5"): "seed 1.5: it must be a whole number",
    ("--program", "128"): "program 128: it must be a whole number, 0 to 127, or a name such as",
    ("--program", "organ"): 'program "organ": it may be Drawbar Organ, Percussive Organ, Rock',
    ("--program", "celo"): 'program "celo": there is no such instrument (did you mean cello?)',
    ("--channel", "17"): "channel 17: it must be a whole number, 1 to 16",
    ("--velocity", "0"): "velocity 0: it must be a whole number, 1 to 127",
    ("--transpose", "25"): "transpose 25: it must be a whole number, -24 to 24 semitones",
    ("--variant", "int9"): "variant 'int9': ",
    ("--variant", "edgetpu"): "tiny.bundle has float32, dynamic",
    ("--temp", "1"): "unrecognized arguments: --temp 1",
    ("--nonsense",): "unrecognized arguments: --nonsense; see playbach {} --help",
}
PLAY_OPTIONS = {
    ("--seconds", "0"): "seconds 0: it must be above 0, at most 315360000",
    ("--seconds", "nan"): "seconds nan: it must be above 0",
    ("--seconds", "inf"): "seconds inf: it must be above 0",
    ("a\nb",): r"unrecognized arguments: a\nb",
    ("--sink", "alsaa"): "sink 'alsaa': there is no such sink; choose alsa, jack, midi,",
    ("--sink", "none", "--port", "x"): "--port x: the sink none has no ports; leave it out",
    ("--sink", "file"): "sink file: name the MIDI file to be written",
    ("--web", "here"): "page address 'here': it must be HOST:PORT, an IP address",
    ("--web", "127.0.0.1:0", "--no-web"): "--web and --no-web: choose one of them",
}


@pytest.mark.parametrize("words", OPTIONS, ids=lambda words: " ".join(words)[:30])
def test_save_and_play_refuse_an_option_in_the_same_line(
    playbach: Command, tmp_path: Path, words: tuple[str, ...]
) -> None:
    out = tmp_path / "out.mid"
    assert OPTIONS[words].format("save") in playbach("save", out, *words).mistake
    assert OPTIONS[words].format("play") in playbach("play", "--sink", "none", *words).mistake
    assert list(tmp_path.iterdir()) == []


def test_all_mistakes_of_a_command_line_are_told_at_once(playbach: Command, tmp_path: Path) -> None:
    mistakes = ("--tempo", "x", "--program", "organ", "--seed", "-1")
    for command in (("save", tmp_path / "out.mid"), ("play",)):
        said = playbach(*command, *mistakes)
        assert said.status == 2
        assert [line.split()[2] for line in said.error.splitlines()] == ["tempo", "program", "seed"]


@pytest.mark.parametrize("words", PLAY_OPTIONS, ids=" ".join)
def test_an_option_of_play_outside_what_is_allowed_is_one_line(
    playbach: Command, words: tuple[str, ...]
) -> None:
    said = playbach("play", *words)
    assert PLAY_OPTIONS[words] in said.mistake
    assert said.out == ""


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--notes", "0"), "notes 0: it must be a whole number, 1 to 50,000"),
        (("--notes", "50001"), "notes 50001: it must be a whole number, 1 to 50,000"),
        (("--notes", "ten"), "notes ten: it must be a whole number, 1 to 50,000"),
        (("--notes", "3", "--suite"), "not allowed with argument --notes"),
    ],
)
def test_a_length_outside_what_is_allowed_is_one_line(
    playbach: Command, tmp_path: Path, words: tuple[str, ...], message: str
) -> None:
    assert message in playbach("save", tmp_path / "out.mid", *words).mistake
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "the following arguments are required: COMMAND"),
        (("paly",), "invalid choice: 'paly'"),
        (("help", "save"), "'playbach COMMAND --help'"),
        (("version",), "'playbach --version' prints it"),
        (("train",), "'playbach-train' does it"),
        (("save",), "the following arguments are required: OUT"),
        (("ports", "all"), "unrecognized arguments: all"),
    ],
)
def test_a_command_that_is_none_is_one_line(
    playbach: Command, words: tuple[str, ...], message: str
) -> None:
    assert message in playbach(*words).mistake


def manifest_of(bundle: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads(unpack(bundle.read_bytes())["manifest.json"])
    return found


def of_the_future(path: Path) -> None:
    entries = unpack(TINY_BUNDLE.read_bytes())
    manifest = manifest_of(TINY_BUNDLE) | {"format": 2}
    path.write_bytes(pack({**entries, "manifest.json": json.dumps(manifest).encode()}))


def altered(path: Path) -> None:
    entries = dict(unpack(TINY_BUNDLE.read_bytes()))
    name = next(name for name in entries if name.endswith(".tflite"))
    entries[name] = entries[name][:-1] + bytes([entries[name][-1] ^ 1])
    path.write_bytes(pack(entries))


def zip_bomb(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bomb:
        for n in range(20):
            bomb.writestr(f"tables/{n}.f32", bytes(10 << 20))


BUNDLES: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (lambda _: None, "there is no such file; name a .bundle file"),
    "a folder": (Path.mkdir, "this is a folder, not a bundle"),
    "empty": (Path.touch, "the file is empty"),
    "no zip": (lambda path: path.write_bytes(b"MThd" * 100), "copy the file again"),
    "truncated": (
        lambda path: path.write_bytes(TINY_BUNDLE.read_bytes()[:-1000]),
        "copy the file again",
    ),
    "altered": (altered, "was altered (its SHA-256 is not the manifest's)"),
    "of the future": (of_the_future, "made for a newer Play Bach (format 2; this one reads 1)"),
    "of a graph that crashes": (
        lambda path: path.write_bytes(hostile.damaged(*hostile.CRASHING[0])),
        "its float32 network crashed (Segmentation fault) when it was tried; make the bundle again",
    ),
    "of a graph that answers NaN": (
        lambda path: path.write_bytes(hostile.not_numbers()),
        "of each shift its network gives numbers that are no probabilities; make the bundle again",
    ),
    "a zip bomb": (zip_bomb, "unpack to more than the 67108864 bytes allowed"),
}


@pytest.mark.parametrize("kind", BUNDLES)
def test_a_bundle_that_cannot_be_used_is_one_line(
    playbach: Command, tmp_path: Path, kind: str
) -> None:
    make, message = BUNDLES[kind]
    bundle = tmp_path / "some.bundle"
    make(bundle)
    before = sorted(tmp_path.iterdir())
    saved = playbach("save", tmp_path / "out.mid", "--bundle", bundle).mistake
    played = playbach("play", "--sink", "none", "--bundle", bundle).mistake
    for mistake in (saved, played):
        assert "some.bundle: " in mistake
        assert message in mistake
    assert sorted(tmp_path.iterdir()) == before
    checked = playbach("check", "--bundle", bundle)
    assert checked.status == 1
    assert message in checked.out
    assert checked.out.endswith("no music without a model\n")


def test_an_existing_file_hides_no_second_mistake(playbach: Command, tmp_path: Path) -> None:
    out = tmp_path / "out.mid"
    out.touch()
    said = playbach("save", out, "--form", "gige", "--bundle", "nowhere").error
    assert "exists; give --force" in said
    assert "did you mean gigue?" in said
    said = playbach("save", out, tmp_path / "x.doc", "--bundle", "nowhere").error
    assert "exists; give --force" in said
    assert "x.doc" in said
    assert "nowhere: there is no such file" in said


def test_an_existing_file_is_kept_unless_told_otherwise(playbach: Command, tmp_path: Path) -> None:
    out = tmp_path / "out.mid"
    out.write_bytes(b"precious")
    assert "out.mid: exists; give --force to replace it" in playbach("save", out).mistake
    assert out.read_bytes() == b"precious"
    assert playbach("save", out, "--notes", "3", "--force").status == 0
    assert out.read_bytes().startswith(b"MThd")


def test_a_place_that_cannot_be_written_is_found_at_once(playbach: Command, tmp_path: Path) -> None:
    folder = tmp_path / "folder.mid"
    folder.mkdir()
    pipe = tmp_path / "pipe.mid"
    os.mkfifo(pipe)
    places = {
        tmp_path / "no" / "out.mid": "there is no folder",
        folder: "this is a folder",
        pipe: "this is a device or pipe",
        tmp_path / "out.mp3": "the name of the file must end in .mid, .midi, .wav, ",
        tmp_path / "out": "the name of the file must end in .mid, .midi, .wav, ",
        tmp_path / f"{'x' * 300}.mid": "cannot be written: File name too long",
    }
    for place, message in places.items():
        assert message in playbach("save", place, "--force").mistake
    assert sorted(tmp_path.iterdir()) == [folder, pipe]


def test_names_of_files_that_are_no_text_are_shown_as_such(
    playbach: Command, tmp_path: Path
) -> None:
    odd = os.fsdecode(b"a\n\x1b[31m\xff.mid")
    assert r"a\n\x1b[31m" in playbach("save", tmp_path / "no" / odd).mistake
    said = playbach("save", tmp_path / odd, "--notes", "2")
    assert said.status == 0
    assert (tmp_path / odd).exists()


@given(st.text())
def test_any_message_is_one_printable_line(message: str) -> None:
    assert one_line(message).isprintable()
    assert one_line(message) == message or not message.isprintable()


@pytest.fixture(scope="module")
def from_a_shell(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[subprocess.CompletedProcess[str]]:
    """A few mistakes, as a user makes them: in one shell, as programs of their own."""
    folder = tmp_path_factory.mktemp("shell")
    lines = [
        f"{sys.executable} -m playbach save out.mid --key 'H flat'",
        f"{sys.executable} -m playbach save out.mid --bundle nowhere.bundle",
        f"{sys.executable} -m playbach play --tempo 1e9",
        f"{sys.executable} -m playbach play --bundle {TINY_BUNDLE} --port nowhere",
        f"{sys.executable} -m playbach save out.mid --nonsense",
    ]
    script = "\n".join(f"{line}; echo status $?" for line in lines)
    yield subprocess.run(
        ["sh"], input=script, cwd=folder, capture_output=True, text=True, timeout=600, check=False
    )
    assert list(folder.iterdir()) == []


def test_mistakes_in_a_shell_are_a_line_each_and_status_2(
    from_a_shell: subprocess.CompletedProcess[str],
) -> None:
    assert from_a_shell.stdout.split("\n") == ["status 2"] * 5 + [""]
    said = from_a_shell.stderr.splitlines()
    assert len(said) == 5
    for line, start in zip(
        said, ("save: key", "save: nowhere", "play: tempo", "play: port 'no", "save: unrec"),
        strict=False,
    ):  # fmt: skip
        assert line.startswith(f"playbach {start}") or "unrecognized" in line
