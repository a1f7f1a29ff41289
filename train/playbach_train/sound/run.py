"""A run directory of an effect or a classifier: what shaped it, its weights, how good it is.

run.json          kind, configuration, recordings, baselines, figures
history.json      one row for each epoch
network.npz       the best weights so far
checkpoint.npz    everything needed to go on after a kill
curves.png        error against epochs

and of an effect

test.npz          dry, wet and output of the part that nothing was trained on or chosen by
effect.png        waves and spectra of target, output and difference; the hidden units

of a classifier

figures.json      labels, and the share of seconds told rightly
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, NamedTuple, TypeVar

from playbach.errors import InputError
from playbach.schema import Limits, changed, read
from playbach.sound.classifier import MOST_LABELS, Ratio
from playbach_train.runs.checkpoint import Arrays, load_arrays, save_arrays
from playbach_train.runs.run import NETWORK, RECORD, make_run, read_record, write_json
from playbach_train.sound.pairs import Samples
from playbach_train.sound.settings import EffectConfig, SoundsConfig

_MOST_BYTES = 1 << 16

EFFECT, SOUNDS = "effect", "sounds"
"""Kinds of runs."""
TEST, PICTURE, FIGURES = "test.npz", "effect.png", "figures.json"
C = TypeVar("C", EffectConfig, SoundsConfig)


class Test(NamedTuple):
    """The part of a pair that an effect is measured on."""

    dry: Samples
    wet: Samples
    output: Samples


@dataclass(frozen=True)
class EffectRun:
    """A run, read back.

    Attributes:
        folder: where it is.
        config: what shaped it.
        weights: the best ones by name, and ``scale`` of the input.
        baselines: error-to-signal ratio of what needs no network, by name.
        made_from: the recordings, by name.
    """

    folder: Path
    config: EffectConfig
    weights: Arrays
    baselines: Mapping[str, float]
    made_from: Mapping[str, str]

    def test(self) -> Test:
        """What it was measured on.

        Raises:
            InputError: it is missing or damaged.
        """
        arrays, _ = load_arrays(self.folder / TEST)
        try:
            return Test(*(arrays[name] for name in Test._fields))
        except KeyError as error:
            raise InputError(f"{self.folder / TEST}: holds no {error}; train again") from error


@dataclass(frozen=True)
class SoundsRun:
    """A run, read back.

    Attributes:
        folder: where it is.
        config: what shaped it.
        weights: the best ones by name, with ``mean`` and ``deviation`` of the input.
        figures: what ``figures_of`` read.
    """

    folder: Path
    config: SoundsConfig
    weights: Arrays
    figures: SoundsFigures


@dataclass(frozen=True, slots=True)
class SoundsFigures:
    """How good a classifier is; see ``playbach.sound.classifier.SoundsManifest``."""

    labels: Annotated[tuple[str, ...], Limits(fewest=2, most=MOST_LABELS)]
    accuracy: Ratio
    seen: Ratio
    sources: Annotated[int, Limits(low=1)]


def start_run(folder: Path, kind: str, config: Any, record: Mapping[str, Any]) -> None:
    """Make the folder of a run, without what another run left in it.

    Raises:
        OutputError: it cannot be written.
    """
    make_run(folder)
    write_json(folder / RECORD, {"kind": kind, "config": asdict(config), **record})


def kind_of(folder: Path) -> str | None:
    """``EFFECT`` or ``SOUNDS``, ``None`` if the run in ``folder`` is of a composer, or is none.

    Raises:
        InputError: its record is damaged.
    """
    kind = read_record(folder).get("kind") if (folder / RECORD).exists() else None
    return kind if kind in {EFFECT, SOUNDS} else None


def read_effect_run(folder: Path) -> EffectRun:
    """A run of an effect.

    Raises:
        InputError: it is missing, damaged, or of something else.
    """
    config, record = read_config(folder, EFFECT, EffectConfig())
    arrays, _ = load_arrays(folder / NETWORK)
    parts = [record.get(name) for name in ("baselines", "made_from")]
    if "scale" not in arrays or not all(isinstance(part, dict) for part in parts):
        raise InputError(f"{folder / NETWORK}: holds no effect; train again")
    return EffectRun(folder, config, arrays, record["baselines"], record["made_from"])


def read_sounds_run(folder: Path) -> SoundsRun:
    """A run of a classifier that has been measured.

    Raises:
        InputError: it is missing, damaged, or of something else.
    """
    config, _ = read_config(folder, SOUNDS, SoundsConfig())
    arrays, _ = load_arrays(folder / NETWORK)
    path = folder / FIGURES
    try:
        with path.open("rb") as file:
            figures = read(SoundsFigures, json.loads(file.read(_MOST_BYTES)), FIGURES)
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path}: is missing or damaged; train again") from error
    return SoundsRun(folder, config, arrays, figures)


def read_config(folder: Path, kind: str, default: C) -> tuple[C, dict[str, Any]]:
    """What shaped the run in ``folder``, and its record.

    Raises:
        InputError: there is none, or it is of something else.
    """
    record = read_record(folder)
    if record.get("kind") != kind or not isinstance(record.get("config"), dict):
        raise InputError(
            f"{folder}: is no run of 'playbach-train {kind}'; give a folder that it made"
        )
    return changed(default, record["config"], texts=False), record


def keep_test(folder: Path, test: Test) -> None:
    """Write what was measured on."""
    save_arrays(folder / TEST, test._asdict(), {})
