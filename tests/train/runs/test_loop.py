"""The training loop: what it keeps of each epoch, and when it stops."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from playbach_train.runs.checkpoint import Arrays, load_arrays
from playbach_train.runs.loop import Curves, Row, begun, train_epochs
from playbach_train.runs.run import CHECKPOINT, CURVES, HISTORY, NETWORK

PNG = b"\x89PNG\r\n\x1a\n"


class Scripted:
    """A trainer whose losses are known; its only weight is the number of the epoch."""

    def __init__(self, *losses: float) -> None:
        self._losses = losses
        self._epoch = 0

    def run_epoch(self, epoch: int) -> Row:
        self._epoch = epoch
        return {"epoch": epoch, "bits": self._losses[epoch - 1]}

    def loss(self, row: Row) -> float:
        return float(row["bits"])

    def curves(self, row: Row) -> Curves:
        return {"bits": {"training": 1.0, "held out": row["bits"]}, "share": {"right": 0.5}}

    def lines(self, history: Sequence[Row]) -> Sequence[str]:
        return [f"{len(history)} epochs"]

    def network(self) -> Arrays:
        return {"epoch": np.array(self._epoch)}

    def arrays(self) -> Arrays:
        return {"epoch": np.array(self._epoch)}

    def begin_with(self, arrays: Arrays, where: str) -> None:
        assert Path(where).name == NETWORK
        self._epoch = 10 * int(arrays["epoch"])

    def restore(self, arrays: Arrays, where: str) -> None:
        assert Path(where).name == CHECKPOINT
        self._epoch = int(arrays["epoch"])


def trained(folder: Path, *losses: float, patience: int) -> tuple[int, list[str]]:
    """The epoch whose weights are kept, and all that was said."""
    said: list[str] = []
    train_epochs(
        Scripted(*losses), [], folder, epochs=len(losses), patience=patience, say=said.append
    )
    return int(load_arrays(folder / NETWORK)[0]["epoch"]), said


NAN = math.nan


@pytest.mark.parametrize(
    ("losses", "patience", "epochs", "best"),
    [
        ((5, 4, 4.5), 2, 3, 2),
        ((5, 6, 7, 8), 0, 4, 1),
        ((5, 4, 4, 4, 4), 2, 4, 4),  # of equal ones the newest is kept, and none was better
        ((5, NAN, NAN, 1), 2, 3, 1),
        ((NAN, NAN, 5), 2, 3, 3),
    ],
)
def test_the_best_weights_are_kept_and_patience_counts_epochs_since_the_best(
    tmp_path: Path, losses: tuple[float, ...], patience: int, epochs: int, best: int
) -> None:
    kept, said = trained(tmp_path, *losses, patience=patience)
    assert kept == best
    assert said[:epochs] == [f"{n} epochs" for n in range(1, epochs + 1)]
    assert said[epochs:] == [f"no better for {patience} epochs; stopping"] * (epochs < len(losses))
    assert len(json.loads((tmp_path / HISTORY).read_text())) == epochs


def test_a_run_goes_on_where_it_stopped(tmp_path: Path) -> None:
    trained(tmp_path, 5, 4, patience=0)
    trainer = Scripted(5, 4, 3)
    history = begun(trainer, tmp_path, resume=True)
    said: list[str] = []
    train_epochs(trainer, history, tmp_path, epochs=3, patience=0, say=said.append)
    assert said == ["3 epochs"]
    assert [row["bits"] for row in json.loads((tmp_path / HISTORY).read_text())] == [5, 4, 3]


def test_a_run_that_starts_from_another_begins_at_its_first_epoch_with_the_best_weights(
    tmp_path: Path,
) -> None:
    trained(tmp_path / "first", 5, 4, 6, patience=0)
    trainer = Scripted(3)
    assert begun(trainer, tmp_path / "second", start_from=tmp_path / "first") == []
    assert trainer.network() == {"epoch": 20}
    assert begun(Scripted(3), tmp_path / "second") == []


def test_curves_are_drawn(tmp_path: Path) -> None:
    trained(tmp_path, 5, 4, patience=0)
    assert (tmp_path / CURVES).read_bytes().startswith(PNG)
