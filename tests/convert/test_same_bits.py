"""The Keras network and its bundle are measured the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from playbach.bundle import Bundle
from playbach_train.cli import main
from playbach_train.commands.evaluate import COLUMNS

TOLERANCE = {"float32": 0.01, "dynamic": 0.05}
"""Bits per note."""


@pytest.mark.parametrize("variant", TOLERANCE)
def test_a_bundle_needs_as_many_bits_as_the_network_it_came_from(
    finished: Path,
    finished_bundle: Bundle,
    scores: Path,
    variant: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def measured(*words: str) -> dict[str, Any]:
        assert main(["evaluate", *words, "--midi", str(scores), "--json"]) == 0
        found: dict[str, Any] = json.loads(capsys.readouterr().out)
        return found

    wanted = measured("--run", str(finished))
    found = measured("--bundle", str(finished_bundle.path), "--variant", variant)
    assert found["movements"].keys() == wanted["movements"].keys()
    for name, row in wanted["movements"].items():
        for column in COLUMNS[:4]:
            difference = abs(found["movements"][name][column] - row[column])
            assert difference < TOLERANCE[variant], (name, column)
    assert found["pooled"]["notes"] == wanted["pooled"]["notes"]
