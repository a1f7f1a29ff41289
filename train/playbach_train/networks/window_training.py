"""Networks that read windows: training, measures, and what the board needs of a trained one."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from playbach.errors import InputError
from playbach.music.note import Piece
from playbach.music.symbols import OTHER
from playbach_train.networks.architecture import GraphForm, HeldOut, Job, PartBits, Tensors
from playbach_train.networks.sequences import Alphabet, ReadPiece, SymbolRow
from playbach_train.networks.windows import (
    RANDOM_SHARE,
    WindowLayers,
    Windows,
    WindowTraining,
    bordered,
    check_enough,
    windows_of,
)
from playbach_train.runs.checkpoint import (
    Arrays,
    load_model_arrays,
    load_training_arrays,
    model_arrays,
    training_arrays,
)
from playbach_train.runs.loop import Curves, Row, begun, train_epochs

MEASURED = {"held out": "held_out", "random windows": "random_windows"}
"""What bits are measured on, and the key of them in a row of the history."""
BATCH = 512


@dataclass(frozen=True)
class WindowData:
    """Training and held-out movements as rows of symbols."""

    alphabet: Alphabet  # of the training movements
    training: Sequence[SymbolRow]  # movements to learn from
    held_out: Sequence[SymbolRow]  # movements to measure on; may be none


class WindowTrainer:
    """A model, its optimiser and its data: see ``runs.loop.Trainer``."""

    def __init__(self, model: Any, config: Any, data: WindowData, kept: Arrays) -> None:
        """``config``, ``model``, ``data`` and ``kept`` as of ``fit_windows``.

        Raises:
            InputError: the music does not fill a batch.
        """
        self.model = model
        self.config: WindowTraining = config.training
        self.data = data
        self.windows = windows_of(data.training, data.alphabet, config.network.window)
        self._kept = kept
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        self.optimizer = keras.optimizers.Adam(self.config.learning_rate)
        # Compiled by XLA, an LSTM runs at a third of the speed on CPUs.
        jit = "auto" if keras.backend.backend() != "tensorflow" else False
        parts = dict.fromkeys(self.windows.parts, loss)
        model.compile(self.optimizer, loss=parts, jit_compile=jit)
        self.optimizer.build(model.trainable_variables)
        order = np.random.default_rng(self.config.seed).permutation(len(self.windows))
        apart = round(RANDOM_SHARE * len(order)) if self.config.random_windows else 0
        self.kept_back, self.learned = np.sort(order[:apart]), np.sort(order[apart:])
        check_enough(len(self.learned), self.config.batch)

    def run_epoch(self, epoch: int) -> Row:
        """Read every window once, then measure; bits are per symbol."""
        began = time.perf_counter()
        bits = self._train(epoch)
        speed = len(self.learned) / (time.perf_counter() - began)
        held_out = self._held_out()
        return {
            "epoch": epoch,
            "train_bits": bits,
            "held_out": held_out,
            "random_windows": self._random_windows(),
            "windows_per_second": round(speed),
        }

    def loss(self, row: Row) -> float:
        """Held-out bits, else the random windows'; without any, the newest epoch is the best."""
        measured = row["held_out"] or row["random_windows"]
        return float(measured["total"] if measured else -row["epoch"])

    def curves(self, row: Row) -> Curves:
        """Bits per symbol."""
        lines = {"training, all parts": row["train_bits"]}
        for what, key in MEASURED.items():
            if row[key]:
                parts = {name: part["bits"] for name, part in row[key]["parts"].items()}
                found = parts if len(parts) == 1 else {"total": row[key]["total"]} | parts
                lines |= {f"{what}, {name}": bits for name, bits in found.items()}
        return {"bits per symbol": lines}

    def lines(self, history: Sequence[Row]) -> Sequence[str]:
        """One, with the bits and the top-1 of each part."""
        row = history[-1]
        line = f"epoch {row['epoch']:3}  training {row['train_bits']:.3f}"
        for what, key in MEASURED.items():
            if row[key]:
                parts = "  ".join(
                    f"{name} {part['bits']:.3f} ({part['top1']:.1%})"
                    for name, part in row[key]["parts"].items()
                )
                line += f"  {what}: {parts}"
        return [f"{line} bits per symbol  ({row['windows_per_second']:,} windows/s)"]

    def network(self) -> Arrays:
        """The weights, and what is kept beside them."""
        return model_arrays(self.model) | self._kept

    def arrays(self) -> Arrays:
        """Weights and optimiser state, for a checkpoint."""
        return training_arrays(self.model, self.optimizer)

    def begin_with(self, arrays: Arrays, where: str) -> None:
        """Take the weights that ``network`` returned.

        Raises:
            InputError: they are of other symbols or hyperparameters, or damaged.
        """
        for name, values in self._kept.items():
            is_alphabet = name.endswith(("symbols", "ticks"))
            if is_alphabet and not np.array_equal(arrays.get(name, ()), values):
                raise InputError(
                    f"{where}: its {name} are not those of these scores; a network of symbols "
                    "starts only from a run on scores with the same ones"
                )
        weights = {name: array for name, array in arrays.items() if name not in self._kept}
        load_model_arrays(self.model, weights, where)

    def restore(self, arrays: Arrays, where: str) -> None:
        """Put back what ``arrays`` returned; raises as ``load_training_arrays``."""
        load_training_arrays(self.model, self.optimizer, arrays, where)

    @property
    def beginning(self) -> str:
        """A line for the user: sizes of the training data and of the network."""
        sizes = ", ".join(f"{size:,} {name}" for name, size in self.data.alphabet.parts.items())
        apart = f", {len(self.kept_back):,} windows at random" if len(self.kept_back) else ""
        return (
            f"training on {len(self.learned):,} windows of {len(self.data.training)} movements "
            f"({sizes}; {self.model.count_params():,} parameters), "
            f"holding out {len(self.data.held_out)} movements{apart}"
        )

    def _train(self, epoch: int) -> float:
        """Bits per symbol while training, dropout on."""
        from tqdm import tqdm  # noqa: PLC0415 the converter does without

        order = np.random.default_rng((self.config.seed, epoch)).permutation(self.learned)
        size = self.config.batch
        # Batches of one shape: another would be traced anew. What is left over comes next epoch.
        starts = range(0, len(order) - size + 1, size)
        nats = 0.0
        for start in tqdm(starts, unit="batch", desc=f"epoch {epoch}", leave=False, disable=None):
            which = order[start : start + size]
            # Keras may answer with the mean of all batches since the last reset.
            self.model.reset_metrics()
            found = self.model.train_on_batch(
                self.windows.inputs(which), self.windows.targets(which), return_dict=True
            )
            # Of this batch: every part's, added up.
            nats += float(found["loss"])
        return nats / len(starts) / math.log(2)

    def _held_out(self) -> Row | None:
        data = self.data
        if not data.held_out:
            return None
        found = measure(self.model, data.held_out, data.alphabet, self.windows.window)
        return asdict(found) | {"total": sum(part.bits for part in found.parts.values())}

    def _random_windows(self) -> Row | None:
        if not len(self.kept_back):
            return None
        found = costs(self.model, self.windows, self.kept_back)
        other = self.data.alphabet.vocabulary.number[OTHER]
        found = without_others(found, self.windows, self.kept_back, other)
        return _means(self.windows.parts, found)


def fit_windows(job: Job, model: Any, data: WindowData, kept: Arrays) -> None:
    """Train until the last epoch, or until held-out bits stop improving.

    Args:
        job: with ``network.window`` and a section ``training`` of ``WindowTraining``.
        model: logits by part, of windows by part.
        data: rows of symbols.
        kept: stored beside the best weights.

    Raises:
        InputError: too little music, or a checkpoint that is damaged or of other hyperparameters.
    """
    trainer = WindowTrainer(model, job.config, data, kept)
    history = begun(trainer, job.folder, resume=job.resume, start_from=job.start_from)
    job.say(trainer.beginning)
    config = trainer.config
    train_epochs(
        trainer, history, job.folder, epochs=config.epochs, patience=config.patience, say=job.say
    )


def _means(parts: Sequence[str], found: Costs) -> Row:
    means = pooled(parts, found)
    return {
        "parts": {name: asdict(part) for name, part in means.items()},
        "total": sum(part.bits for part in means.values()),
        "windows": len(found.bits),
    }


@dataclass(frozen=True, eq=False)
class Costs:
    """What each window's target cost."""

    # -log2 of the probability of the target's number ``(windows, parts)``
    bits: NDArray[np.float64]
    hits: NDArray[np.bool_]  # whether that number was the likeliest ``(windows, parts)``


def costs(model: Any, windows: Windows, which: NDArray[np.int64] | None = None) -> Costs:
    """What the targets of the windows ``which`` cost a Keras model; of all windows if ``None``.

    A chord without a number of its own is never hit: ``OTHER`` does not say which it is.
    """
    chosen = np.arange(len(windows)) if which is None else which
    bits, hits = [], []
    for start in range(0, len(chosen), BATCH):
        batch = chosen[start : start + BATCH]
        logits = model.predict_on_batch(windows.inputs(batch))
        targets = windows.targets(batch)
        pairs = [_cost(np.asarray(logits[name]), targets[name]) for name in windows.parts]
        bits.append(np.stack([one for one, _ in pairs], axis=1))
        hits.append(np.stack([one for _, one in pairs], axis=1))
    empty = np.zeros((0, len(windows.parts)))
    return Costs(np.concatenate(bits or [empty]), np.concatenate(hits or [empty]).astype(bool))


def pooled(parts: Sequence[str], found: Costs) -> dict[str, PartBits]:
    """Means over windows, by part."""
    bits, hits = found.bits.mean(axis=0), found.hits.mean(axis=0)
    return {name: PartBits(float(bits[n]), float(hits[n])) for n, name in enumerate(parts)}


def measure(model: Any, rows: Sequence[SymbolRow], alphabet: Alphabet, window: int) -> HeldOut:
    """What symbols 2..n of each movement cost; the border after the last is no part of the music.

    Raises:
        InputError: no movement has two symbols.
    """
    long = [row for row in rows if len(row.symbols) > 1]
    if not long:
        raise InputError("no movement to measure on has two symbols or more")
    found = costs(model, windows_of(long, alphabet, window))
    extra = np.concatenate([_with_border(alphabet.extra_bits(row)) for row in long])
    asked = np.concatenate([_asked(len(row.symbols)) for row in long])
    unknown = extra > 0
    every = Costs((found.bits + extra)[asked], (found.hits & ~unknown)[asked])
    return HeldOut(
        parts=pooled(tuple(alphabet.parts), every),
        symbols=int(asked.sum()),
        notes=sum(row.notes for row in long),
        quarters=sum(row.quarters for row in long),
        unknown=float(unknown[asked].any(axis=1).mean()),
    )


def without_others(found: Costs, windows: Windows, which: NDArray[np.int64], other: int) -> Costs:
    """``found``, without hits where the target is ``other``, which many rare chords share."""
    shared = windows.targets(which)["symbols"] == other
    hits = found.hits.copy()
    hits[shared, 0] = False
    return Costs(found.bits, hits)


def _cost(logits: NDArray[Any], target: NDArray[np.int32]) -> tuple[NDArray[Any], NDArray[Any]]:
    logits = logits.astype(np.float64)
    logits -= logits.max(axis=-1, keepdims=True)
    nats = np.log(np.exp(logits).sum(axis=-1)) - logits[np.arange(len(target)), target]
    return nats / math.log(2), logits.argmax(axis=-1) == target


def _with_border(extra: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.concatenate([extra, np.zeros((1, extra.shape[1]))])


def _asked(symbols: int) -> NDArray[np.bool_]:
    """Indices of the windows that are measured: not those of first symbols and borders."""
    asked = np.ones(symbols + 1, bool)
    asked[[0, -1]] = False
    return asked


@dataclass(frozen=True, eq=False)
class WindowTrained:
    """See ``architecture.Convertible``."""

    name: str  # of the network
    sizes: Any  # the section ``network`` of its configuration
    read: ReadPiece  # how it reads a movement
    layers: WindowLayers  # what it is made of
    alphabet: Alphabet  # of its training music
    model: Any  # its Keras model
    kept: Arrays  # tables of the bundle, and what else was stored beside the weights

    @property
    def kind(self) -> str:
        return "window"

    @property
    def parameters(self) -> Mapping[str, int | float | str]:
        return {"network": self.name, "window": self.sizes.window}

    @property
    def tables(self) -> Mapping[str, NDArray[np.float32]]:
        return {name: self.kept[name] for name in ("symbols", "ticks", "seeds", "homes")}

    @cached_property
    def weights(self) -> Arrays:
        return self.layers.weights(self.model, self.sizes)

    @cached_property
    def graphs(self) -> Mapping[str, GraphForm]:
        return self.layers.forms(self.sizes, self.alphabet.parts)

    def inputs(self, role: str, pieces: Sequence[Piece]) -> Iterator[Tensors]:
        rows = self._rows(pieces)
        return self._window_inputs(rows) if role == "window" else self._step_inputs(role, rows)

    def held_out(self, pieces: Mapping[str, Piece]) -> HeldOut:
        """Measures on symbols 2..n of each movement.

        Raises:
            InputError: no movement has two symbols.
        """
        rows = self._rows(list(pieces.values()))
        return measure(self.model, rows, self.alphabet, self.sizes.window)

    def _rows(self, pieces: Sequence[Piece]) -> list[SymbolRow]:
        return [row for row in map(self.read, pieces) if row is not None]

    def _window_inputs(self, rows: Sequence[SymbolRow]) -> Iterator[Tensors]:
        for row in rows:
            windows = windows_of([row], self.alphabet, self.sizes.window)
            for batch in windows.batches(1):
                yield windows.inputs(batch)

    def _step_inputs(self, role: str, rows: Sequence[SymbolRow]) -> Iterator[Tensors]:
        form = self.graphs[role]
        for row in rows:
            state = {
                name: np.zeros(tensor.shape, np.float32)
                for name, tensor in form.inputs.items()
                if name.startswith("state_")
            }
            for numbers in bordered(self.alphabet.numbers(row), self.alphabet, 1)[:-1]:
                read = {
                    name: numbers[None, n : n + 1] for n, name in enumerate(self.alphabet.parts)
                }
                yield read | state
                outputs = form.function(self.weights, **read, **state)
                state = {
                    name: np.asarray(ops.convert_to_numpy(outputs[f"next_{name}"]))
                    for name in state
                }
