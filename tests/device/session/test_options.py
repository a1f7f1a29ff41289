"""Every live setting is an option, and says the same as elsewhere."""

from __future__ import annotations

import argparse

import pytest

from playbach.errors import InputError
from playbach.schema import changed
from playbach.session.settings import (
    DEFAULTS,
    Settings,
    add_setting_arguments,
    settings_from,
)


def parsed(*words: str) -> Settings:
    parser = argparse.ArgumentParser()
    add_setting_arguments(parser)
    return settings_from(parser.parse_args(words))


def test_without_options_the_defaults_hold() -> None:
    assert parsed() == DEFAULTS


def test_options_are_settings() -> None:
    words = ("--tempo", "90", "--key", "d", "--transpose", "-3", "--clock-out", "--program", "auto")
    wanted = {"tempo": 90, "key": "D minor", "transpose": -3, "clock_out": True, "program": None}
    assert parsed(*words) == changed(DEFAULTS, wanted)


def test_a_temperature_may_be_one_number_or_one_for_each_part() -> None:
    assert parsed("--temperature", "0.8").temperature == 0.8
    several = parsed("--temperature", "0.9,pitch=1.2")
    assert (several.temperature, several.pitch_temperature) == (0.9, 1.2)
    assert parsed("--pitch-temperature", "1.2").pitch_temperature == 1.2
    with pytest.raises(InputError, match=r"it must be 0\.05 to 5"):
        parsed("--temperature", "warm")
