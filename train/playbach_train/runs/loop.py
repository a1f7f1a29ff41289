"""The one training loop: epochs, the best weights, checkpoints, curves, and when to stop."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol

from playbach.files import write_atomically
from playbach_train.corpus import Say
from playbach_train.runs.checkpoint import Arrays, load_arrays, save_arrays
from playbach_train.runs.run import BOARD, CHECKPOINT, CURVES, HISTORY, NETWORK, write_json

Curves = Mapping[str, Mapping[str, float]]
"""Values of one epoch by unit and name; what belongs to training is called ``training ...``."""

Row = dict[str, Any]
"""What an epoch gave, as JSON: a row of the history; ``epoch`` is counted from 1."""


class Trainer(Protocol):
    """A network that is trained, with its optimiser and its music."""

    def run_epoch(self, epoch: int) -> Row:
        """Read the music once, then measure; ``epoch`` and the seed decide all that is random."""

    def loss(self, row: Row) -> float:
        """What decides which epoch is best: the lowest, of equal ones the newest."""

    def curves(self, row: Row) -> Curves:
        """What is drawn of an epoch, by unit and name."""

    def lines(self, history: Sequence[Row]) -> Sequence[str]:
        """What is said after the last of these epochs, at least one."""

    def network(self) -> Arrays:
        """The weights that are measured, and what else is kept of a trained network."""

    def arrays(self) -> Arrays:
        """All that training goes on from."""

    def begin_with(self, arrays: Arrays, where: str) -> None:
        """Take the weights that ``network`` of another run returned, and nothing else of it.

        Raises:
            InputError: they are of other hyperparameters, or damaged; ``where`` they come from.
        """

    def restore(self, arrays: Arrays, where: str) -> None:
        """Put back what ``arrays`` returned.

        Raises:
            InputError: it is of other hyperparameters, or damaged; ``where`` it comes from.
        """


def begun(
    trainer: Trainer, folder: Path, *, resume: bool = False, start_from: Path | None = None
) -> list[Row]:
    """Bring ``trainer`` to where a run begins: the epochs so far.

    Args:
        trainer: new.
        folder: of the run.
        resume: go on from the checkpoint in ``folder``.
        start_from: folder of another run, whose best weights are begun with; new ones if None.

    Raises:
        InputError: what is gone on from is missing, damaged, or of other hyperparameters.
    """
    if resume:
        path = folder / CHECKPOINT
        arrays, notes = load_arrays(path)
        trainer.restore(arrays, str(path))
        return list(notes["history"])
    if start_from is not None:
        path = start_from / NETWORK
        arrays, _ = load_arrays(path)
        trainer.begin_with(arrays, str(path))
    return []


def train_epochs(
    trainer: Trainer, history: list[Row], folder: Path, *, epochs: int, patience: int, say: Say
) -> None:
    """Train until the last epoch, or until the loss stops falling.

    Args:
        trainer: what is trained.
        history: of the epochs that are over; each new one is added.
        folder: of the run.
        epochs: the last one.
        patience: epochs without a lower loss before it stops; 0 never stops early.
        say: receives lines for the user.
    """
    from tensorboard.summary import Writer  # noqa: PLC0415 the converter does without

    with closing(Writer(str(folder / BOARD))) as board:
        for epoch in range(len(history) + 1, epochs + 1):
            if patience and _epochs_since_best(trainer, history) >= patience:
                say(f"no better for {patience} epochs; stopping")
                break
            history.append(trainer.run_epoch(epoch))
            _keep(trainer, history, folder, board)
            for line in trainer.lines(history):
                say(line)


def _epochs_since_best(trainer: Trainer, history: Sequence[Row]) -> int:
    losses = _losses(trainer, history)
    return len(losses) - 1 - losses.index(min(losses)) if losses else 0


def _losses(trainer: Trainer, history: Sequence[Row]) -> list[float]:
    losses = map(trainer.loss, history)
    # A network that has lost its way gives no number, which must not pass for the best.
    return [loss if math.isfinite(loss) else math.inf for loss in losses]


def _keep(trainer: Trainer, history: Sequence[Row], folder: Path, board: Any) -> None:
    """Write what the epoch gave; the checkpoint last, so a kill repeats the epoch at worst."""
    row = history[-1]
    *_, last = losses = _losses(trainer, history)
    if last == min(losses):
        save_arrays(folder / NETWORK, trainer.network(), row)
    write_json(folder / HISTORY, history)
    curves = [trainer.curves(one) for one in history]
    drawn = picture([one["epoch"] for one in history], curves)
    write_atomically(folder / CURVES, drawn, force=True)
    for name, value in _flat(curves[-1]).items():
        board.add_scalar(name, value, row["epoch"])
    board.flush()
    save_arrays(folder / CHECKPOINT, trainer.arrays(), {"history": history})


def _flat(curves: Curves) -> Mapping[str, float]:
    return {f"{unit}/{name}": v for unit, values in curves.items() for name, v in values.items()}


def picture(epochs: Sequence[int], curves: Sequence[Curves]) -> bytes:
    """A PNG with a panel for each unit; curves of training are dotted.

    Args:
        epochs: at least one.
        curves: of each epoch, all with the same units and names.
    """
    # Here, because drawing is not needed to train and takes a second to import.
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=(8, 3 + 2 * len(curves[0])), layout="constrained")
    panels = figure.subplots(len(curves[0]), sharex=True, squeeze=False)[:, 0]
    for axes, (unit, values) in zip(panels, curves[0].items(), strict=True):
        for name in values:
            line = "k:" if name.startswith("training") else "-"
            axes.plot(epochs, [one[unit][name] for one in curves], line, label=name)
        axes.set_ylabel(unit)
        axes.set_ylim(bottom=0)
        axes.legend()
        axes.grid(alpha=0.3)
    panels[-1].set_xlabel("epoch")
    buffer = io.BytesIO()
    FigureCanvasAgg(figure).print_png(buffer)
    return buffer.getvalue()
