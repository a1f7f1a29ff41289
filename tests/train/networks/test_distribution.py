"""One training on several processes: what each of them computes. ``two_workers`` tries it out."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from playbach.errors import InputError
from playbach_train.cli import main
from playbach_train.networks.distribution import Distribution


def test_workers_draw_together_what_one_alone_would() -> None:
    def seed() -> keras.random.SeedGenerator:
        return keras.random.SeedGenerator(3)

    alone = Distribution().drawn(keras.ops.ones((6, 5)), 0.5, seed())
    shares = [
        Distribution(index, 3).drawn(keras.ops.ones((2, 5)), 0.5, seed()) for index in range(3)
    ]
    assert np.array_equal(np.concatenate(shares), alone)
    batch = {"pitches": np.arange(12).reshape(6, 2)}
    found = [Distribution(index, 3).ours(batch)["pitches"] for index in range(3)]
    assert np.array_equal(np.concatenate(found), batch["pitches"])


def test_streams_are_shared_out_evenly_or_not_at_all() -> None:
    assert Distribution(1, 3, 3).share(12) == 4
    with pytest.raises(InputError, match=r"--training.streams 8: it must be a multiple of 3"):
        Distribution(1, 3, 3).share(8)


@pytest.mark.parametrize(
    ("config", "words", "message"),
    [
        ("", (), "TF_CONFIG does not say who takes part; give it as {"),
        ('{"cluster": {"worker": []}, "task": {}}', (), "TF_CONFIG does not say who takes part"),
        (
            '{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": 1}}',
            (),
            "TF_CONFIG may name workers only, and this one among them",
        ),
        ("", ("--network", "gan"), "--distribute: only the network copying is trained by several"),
    ],
)
def test_who_takes_part_is_said_or_a_line_says_how(
    config: str,
    words: tuple[str, ...],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("TF_CONFIG", config)
    assert main(["--distribute", *words]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
