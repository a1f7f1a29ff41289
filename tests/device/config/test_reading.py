"""Configurations as people write them, right and wrong."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playbach import config
from playbach.config.schema import SECTIONS
from playbach.errors import InputError, PlaybachError
from playbach.files import MAX_TOML_BYTES
from playbach.session.settings import GROUPS, TABLE, Settings
from playbach.sinks.table import SINK_NAMES

Write = Callable[[str], Path]
SHIPPED = Path(config.__file__).with_name("default.toml")
PLACES = [(section, name) for section, keys in SECTIONS.items() for name in keys]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(text: str) -> Path:
        path = tmp_path / "my.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_the_shipped_file_is_the_schema() -> None:
    assert SHIPPED.read_text(encoding="utf-8") == config.default_text()


def test_the_shipped_file_says_the_defaults() -> None:
    loaded = config.load_config(SHIPPED)
    assert loaded.config == config.Config()
    assert list(loaded.origins) == PLACES


def test_every_live_setting_stands_in_one_section() -> None:
    names = [name for section, name in PLACES if section in GROUPS]
    assert sorted(names) == sorted(TABLE) == sorted(field.name for field in fields(Settings))


def test_no_key_has_the_name_of_another() -> None:
    assert len({name for _, name in PLACES}) == len(PLACES)


def test_without_a_file_the_defaults_hold() -> None:
    loaded = config.load_config(None)
    assert (loaded.config, dict(loaded.origins), loaded.path) == (config.Config(), {}, None)


def test_a_file_changes_what_it_names_and_its_lines_are_known(write: Write) -> None:
    path = write("[music]\nform = 'Giga'\ntempo = 66\n\n[service]\nlog_level = 'DEBUG'\n")
    loaded = config.load_config(path)
    assert loaded.config.settings == Settings(form="gigue", tempo=66.0)
    assert loaded.config.service.log_level == "debug"
    assert dict(loaded.origins) == {
        ("music", "form"): f"{path}:2",
        ("music", "tempo"): f"{path}:3",
        ("service", "log_level"): f"{path}:6",
    }


def test_a_model_is_looked_for_beside_the_file(write: Write, tmp_path: Path) -> None:
    loaded = config.load_config(write("[model]\nbundle = 'mine.bundle'\n"))
    assert loaded.config.settings.bundle == str(tmp_path / "mine.bundle")
    loaded = config.load_config(write("[model]\nbundle = '/there/mine.bundle'\n"))
    assert loaded.config.settings.bundle == "/there/mine.bundle"


def test_every_mistake_is_said_at_once_with_its_line(write: Write) -> None:
    path = write(
        """\
[musik]
form = "gigue"

[music]
tempoo = 80
tempo = 5
volume = 3
temperature = 1.5

[sound]
accent = 90
sink = "speaker"
clock_out = 7
[service]
log_level = 3
remember = "maybe"
[recording]
megabytes = 0
folder = 1
"""
    )
    with pytest.raises(InputError) as caught:
        config.load_config(path)
    assert [line.removeprefix(f"{path}:") for line in caught.value.lines] == [
        '1: there is no section "musik" (did you mean music?)',
        '5: [music] has no key "tempoo" (did you mean tempo?)',
        "6: tempo 5: it must be 10 to 400 felt beats per minute, or auto (each form has its own)",
        "7: volume: it belongs under [sound], not [music]",
        "11: accent 90: it must be a whole number, 0 to 40",
        f"12: sink 'speaker': there is no such sink; choose {', '.join(SINK_NAMES)}",
        "13: clock_out 7: it must be true or false",
        "15: log_level 3: it must be debug, info, warning, error",
        "16: remember maybe: it must be true or false",
        "18: megabytes 0: it must be a whole number, 1 to 1,000,000 megabytes",
        "19: folder 1: it must be the path of a folder, or auto (nothing is saved)",
    ]


def test_values_that_do_not_go_together_are_a_mistake(write: Write) -> None:
    with pytest.raises(InputError, match=r"my\.toml: velocity 120 and accent 20: together"):
        config.load_config(write("[sound]\nvelocity = 120\naccent = 20\n"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("tempo = 80\n", ":1: tempo: it belongs under [music]"),
        ("music = 3\n", ":1: music 3: it must be a section, [music], with keys"),
        ("[music]\ntempo = \n", ":2: not TOML: Invalid value"),
        ("[music]\n[music]\n", ":2: not TOML: Cannot declare ('music',) twice"),
        ("a = " + "[" * 5000, "not TOML: "),
        ("a = 1" + "0" * 9000, "not TOML: "),
        ("[[music]]\ntempo = 80\n", "it must be a section"),
        ("#" * (MAX_TOML_BYTES + 1), ": larger than 65,536 bytes; not a configuration"),
    ],
)
def test_what_is_no_configuration_is_told_in_one_line(write: Write, text: str, said: str) -> None:
    path = write(text)
    with pytest.raises(InputError) as caught:
        config.load_config(path)
    (line,) = caught.value.lines
    assert line.startswith(str(path))
    assert said in line
    assert len(line) < 400


def test_files_that_cannot_be_read_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read: No such file"):
        config.load_config(tmp_path / "missing.toml")
    with pytest.raises(InputError, match="cannot be read: Is a directory"):
        config.load_config(tmp_path)
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="not UTF-8 text"):
        config.load_config(binary)


def test_the_users_own_file_is_found_where_the_standard_says(tmp_path: Path) -> None:
    environment = {"XDG_CONFIG_HOME": str(tmp_path)}
    assert config.find_config(environment) is None
    path = tmp_path / "playbach" / "config.toml"
    path.parent.mkdir()
    path.touch()
    assert config.find_config(environment) == path
    assert config.find_config({"XDG_CONFIG_HOME": "relative"}) != path


def test_what_holds_is_shown_with_where_it_comes_from_and_reads_back(write: Write) -> None:
    path = write('[music]\nkey = "d"\n[sound]\nport = \'a "b" \\\\ *\'\n')
    loaded = config.load_config(path)
    text = config.effective_text(loaded.config, loaded.origins)
    assert f'key = "D minor"  # {path}:2\n' in text
    assert 'form = "auto"  # default\n' in text
    again = path.with_name("again.toml")
    again.write_text(text, encoding="utf-8")
    assert config.load_config(again).config == loaded.config


anything: st.SearchStrategy[object] = st.recursive(
    st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=4,
)


def toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    if isinstance(value, str):
        return '"' + "".join(f"\\U{ord(char):08X}" for char in value) + '"'
    return repr(value)


@given(st.sampled_from(PLACES), anything)
def test_any_value_at_all_is_taken_or_answered_with_its_line(
    tmp_path_factory: pytest.TempPathFactory, place: tuple[str, str], value: object
) -> None:
    try:
        text = f"[{place[0]}]\n{place[1]} = {toml(value)}\n"
        tomllib.loads(text)
    except ValueError:  # half of a surrogate pair is no text
        return
    path = tmp_path_factory.mktemp("any") / "my.toml"
    path.write_text(text, encoding="utf-8")
    try:
        config.load_config(path)
    except PlaybachError as error:
        (line,) = error.lines
        assert line.startswith(f"{path}:")
        assert len(line) < 900
