"""A configuration is checked value by value, and survives being written down."""

from __future__ import annotations

import argparse
import re
import tomllib
from pathlib import Path

import pytest

from playbach.errors import InputError
from playbach_train.config import (
    add_options,
    flat_values,
    load_config,
    options_given,
    settings,
    to_toml,
)
from playbach_train.copying.config import CopyingConfig
from playbach_train.networks.table import NETWORKS, architecture

DEFAULT = CopyingConfig()
SETTINGS = settings(DEFAULT)
NUMBERS = [name for name, setting in SETTINGS.items() if setting.kind is not bool]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "some.toml"


def test_without_a_file_everything_is_as_usual() -> None:
    assert load_config(DEFAULT, None, {}) == DEFAULT


def test_a_file_changes_what_it_names_and_the_command_line_has_the_last_word(file: Path) -> None:
    file.write_text("[training]\nepochs = 7\nseed = 3\n[network]\nunits = 20\n")
    config = load_config(DEFAULT, file, {"training.epochs": 9, "training.mixed_precision": True})
    assert (config.training.epochs, config.training.seed) == (9, 3)
    assert config.training.mixed_precision
    assert config.network.units == 20


def test_what_is_written_is_read_back(file: Path) -> None:
    changes = {
        "training.learning_rate": 1e-7,
        "training.mixed_precision": True,
        "regularisation.head": 0.125,
        "network.memory": 17,
    }
    config = load_config(DEFAULT, None, changes)
    file.write_text(to_toml(config))
    assert load_config(DEFAULT, file, {}) == config
    assert tomllib.loads(to_toml(DEFAULT)).keys() == {"network", "regularisation", "training"}


def test_every_value_has_an_option_and_every_number_limits() -> None:
    parser = argparse.ArgumentParser()
    add_options(parser, DEFAULT)
    values = flat_values(DEFAULT)
    words = [f"--{name}={str(value).lower()}" for name, value in values.items()]
    assert load_config(DEFAULT, None, options_given(parser.parse_args(words))) == DEFAULT
    assert SETTINGS.keys() == values.keys()
    for name in NUMBERS:
        assert SETTINGS[name].low is not None
        assert SETTINGS[name].parse(values[name]) == values[name]


@pytest.mark.parametrize("network", NETWORKS)
def test_the_help_of_every_value_says_its_meaning_its_range_and_its_default(network: str) -> None:
    config = architecture(network).config
    parser = argparse.ArgumentParser()
    add_options(parser, config)
    text = " ".join(parser.format_help().split())
    for name in flat_values(config):
        assert re.search(rf"--{name} VALUE \w.*? \(.+?; default \S+\)", text), name
    assert "seed of everything random (a whole number, 0 to 2,147,483,647; default 1)" in text


@pytest.mark.parametrize("name", NUMBERS)
def test_a_number_outside_its_limits_is_refused(name: str) -> None:
    low, high = SETTINGS[name].low, SETTINGS[name].high
    assert low is not None
    assert high is not None
    for value in (low - 1, high * 2 + 1, float("nan"), float("inf"), "x", None, True, [1]):
        with pytest.raises(InputError, match=f"^command line: {name} .*: it must be .* to "):
            load_config(DEFAULT, None, {name: value})


def test_a_whole_number_is_no_fraction() -> None:
    with pytest.raises(InputError, match=r"training\.epochs 1\.5: it must be a whole number, 1 to"):
        load_config(DEFAULT, None, {"training.epochs": 1.5})


FAULTS = {
    "[training": "some.toml: not TOML",
    "[training]\nepochs = 1\nepochs = 2": "some.toml: not TOML",
    "epochs = 1": '"epochs" must stand in a section such as',
    "[[network]]\nunits = 1": '"network" must stand in a section',
    "[network]\nunit = 1": 'there is no "network.unit" (did you mean network.units?)',
    "[qqq]\nzzz = 1": 'there is no "qqq.zzz"; see playbach-train --help',
    "[network.units]\nx = 1": "network.units an object: it must be a whole number, 1 to 2,048",
    "[training]\nlearning_rate = nan": "learning_rate NaN: it must be 1e-07 to 1",
    "[training]\nepochs = 1.5e0": "epochs 1.5: it must be a whole number, 1 to 100,000",
    "[training]\nmixed_precision = 1": "mixed_precision 1: it must be true or false",
    "[training]\nseed = " + "9" * 5000: "some.toml: not TOML",
    "[training]\nseed = " + "[" * 20_000: "some.toml: not TOML",
    f"[training]\nseed = '{'x' * 5000}'": "xxx...",
    "#" * 70_000: "larger than 65,536 bytes; not a configuration",
}


@pytest.mark.parametrize("text", FAULTS, ids=lambda text: text[:30])
def test_a_file_that_is_no_configuration_is_one_error(file: Path, text: str) -> None:
    file.write_text(text)
    with pytest.raises(InputError) as caught:
        load_config(DEFAULT, file, {})
    assert str(caught.value).startswith(str(file))
    assert FAULTS[text] in str(caught.value)
    assert len(str(caught.value)) < 400


def test_a_file_that_cannot_be_read_is_one_error(tmp_path: Path, file: Path) -> None:
    with pytest.raises(InputError, match=r"cannot be read: No such file or directory"):
        load_config(DEFAULT, file, {})
    with pytest.raises(InputError, match=r"cannot be read: Is a directory"):
        load_config(DEFAULT, tmp_path, {})
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="not UTF-8 text"):
        load_config(DEFAULT, file, {})


def test_all_mistakes_are_told_at_once(file: Path) -> None:
    file.write_text("[training]\nepochs = 0\nepoch = 3\n")
    with pytest.raises(InputError) as caught:
        load_config(DEFAULT, file, {"network.units": "x"})
    assert [line.rsplit("some.toml")[-1] for line in caught.value.lines] == [
        ': there is no "training.epoch" (did you mean training.epochs?)',
        ": training.epochs 0: it must be a whole number, 1 to 100,000",
        "command line: network.units x: it must be a whole number, 1 to 2,048",
    ]


def test_a_mistake_is_laid_to_whoever_made_it(file: Path) -> None:
    file.write_text("[training]\nepochs = 5\n")
    with pytest.raises(InputError, match=r"^command line: training\.epochs"):
        load_config(DEFAULT, file, {"training.epochs": 0})


@pytest.mark.parametrize("text", ["x", "", "1 2", "9" * 5000, "[" * 5000, "nan nan"])
def test_an_option_that_is_no_value_is_one_error(text: str) -> None:
    parser = argparse.ArgumentParser()
    add_options(parser, DEFAULT)
    args = parser.parse_args([f"--network.units={text}"])
    with pytest.raises(InputError, match=r"^command line: network\.units .*: it must be a whole"):
        load_config(DEFAULT, None, options_given(args))
