"""A neural effect: read from its file, checked, and run block by block without a new buffer.

The file is an archive as a bundle is: ``manifest.json`` and one TFLite graph, whose LSTM is the
runtime's fused operation and keeps its state from call to call. Nothing in it is executed.
"""

from __future__ import annotations

import ctypes
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np

from playbach.archive import REMEDY, read_described, shown_path
from playbach.errors import BundleError
from playbach.quiet import quiet_stderr
from playbach.runtime import first_line, runtime
from playbach.schema import Limits
from playbach.sound.options import EFFECTS
from playbach.sound.synth import BLOCK, Block

KIND, VERSION = "effect", 1
GRAPH = f"{KIND}.tflite"
_MOST_TAPS = 512
_WARM_UP = 0.25
"""Seconds of silence that are computed before the first block."""
_FADE = 16
"""Blocks in which the dry sound takes the place of the effect's, or it that of the dry sound."""
_SLOW = 0.6
"""Share of a block's time from which on the effect is left out, as a mean over ``_LOOK``."""
_LOOK = 0.02
"""Share of each block in that mean: about 50 blocks count."""
_REST = 30.0
"""Seconds after which an effect that was left out is tried again."""

Ratio = Annotated[float, Limits(low=0)]


@dataclass(frozen=True, slots=True)
class EffectManifest:
    """What an effect says of itself.

    Attributes:
        kind: ``effect``.
        version: of this format, 1.
        name: of the run that it was trained in.
        rate: samples per second that it is for.
        block: samples of one call.
        taps: of the filter beside the network: that many less one past samples go in, too.
        units: of the LSTM.
        esr: error-to-signal ratio through LiteRT on sound that it was not trained on, but for a
            constant.
        baselines: the same of what needs no network, by name.
        sha256: of the graph.
        made_from: the recordings, and with which versions, by name.
    """

    kind: Annotated[str, Limits(choices=(KIND,), required=True)]
    version: Annotated[int, Limits(low=VERSION, high=VERSION)]
    name: str
    rate: Annotated[int, Limits(low=8_000, high=96_000)]
    block: Annotated[int, Limits(low=BLOCK, high=BLOCK)]
    taps: Annotated[int, Limits(low=1, high=_MOST_TAPS)]
    units: Annotated[int, Limits(low=1, high=64)]
    esr: Ratio
    baselines: Annotated[Mapping[str, Ratio], Limits(most=16)]
    sha256: Annotated[str, Limits(pattern="[0-9a-f]{64}", meaning="64 hex digits")]
    made_from: Annotated[Mapping[str, str], Limits(most=16)]


@dataclass(frozen=True)
class EffectFile:
    """An effect that was read and checked, but not run."""

    manifest: EffectManifest
    graph: bytes
    path: Path


def effect_path(effect: str) -> Path:
    """Where the file of an effect is: one that is included, by its name, or the path itself."""
    if effect in EFFECTS:
        return Path(__file__).parents[1] / "models" / f"{effect}.effect"
    return Path(effect)


def read_effect(path: Path) -> EffectFile:
    """Read a ``.effect`` file.

    Raises:
        BundleError: it is missing, damaged, too large, of another version, or no effect.
    """
    return EffectFile(*read_described(path, EffectManifest, KIND), path)


class EffectGraph:
    """The graph in the runtime: a block of samples in, a block out, nothing allocated between."""

    def __init__(self, graph: bytes, taps: int, where: str) -> None:
        """Load it.

        Args:
            graph: of a TFLite file.
            taps: as of ``EffectManifest``.
            where: the start of every message.

        Raises:
            BundleError: it is none that this runtime takes, or its tensors are not an effect's.
        """
        try:
            with quiet_stderr():
                self._interpreter = runtime().Interpreter(model_content=graph, num_threads=1)
                self._interpreter.allocate_tensors()
                (given,) = self._interpreter.get_input_details()
                (made,) = self._interpreter.get_output_details()
                self._invoke = self._interpreter.invoke
                self._invoke()
        except (ValueError, RuntimeError) as error:
            raise BundleError(
                f"{where}: {GRAPH} is not a graph that this runtime can run "
                f"({first_line(error)}); {REMEDY}"
            ) from error
        self._past = taps - 1
        shapes = [(tuple(map(int, one["shape"])), np.dtype(one["dtype"]).name)
                  for one in (given, made)]  # fmt: skip
        if shapes != [((1, self._past + BLOCK), "float32"), ((1, BLOCK), "float32")]:
            raise BundleError(f"{where}: {GRAPH} has the tensors {shapes}; {REMEDY}")
        # The runtime refuses to run while anyone holds its arrays, but their places stay.
        self._given, self._made = (self._place(one["index"]) for one in (given, made))
        self._window = np.zeros(self._past + BLOCK, np.float32)
        self.input = self._window[self._past :]
        """The samples that go in with the next call."""
        self.output = np.zeros(BLOCK, np.float32)
        """What came out at the last."""
        self.reset()

    def run(self) -> None:
        """Compute ``output`` from ``input``."""
        window = self._window
        ctypes.memmove(self._given, window.ctypes.data, window.nbytes)
        self._invoke()
        ctypes.memmove(self.output.ctypes.data, self._made, self.output.nbytes)
        window[: self._past] = window[BLOCK:]

    def reset(self) -> None:
        """As if nothing had ever been heard."""
        self._interpreter.reset_all_variables()
        self._window[:] = 0.0

    def _place(self, index: int) -> int:
        return int(self._interpreter.tensor(index)().ctypes.data)


class NeuralEffect:
    """An effect in a chain: see ``playbach.sound.chain.Effect``.

    If it takes too long, or gives what is no number, the dry sound takes its place for a while.
    """

    def __init__(self, file: EffectFile, rate: int | None) -> None:
        """Load the graph and let it settle.

        Args:
            file: from ``read_effect``.
            rate: samples per second of the chain; ``None`` for those of the effect.

        Raises:
            BundleError: the effect is for another rate, or its graph cannot be run.
        """
        manifest, where = file.manifest, shown_path(file.path)
        rate = manifest.rate if rate is None else rate
        if manifest.rate != rate:
            raise BundleError(
                f"{where}: is for {manifest.rate:,} samples a second, and {rate:,} are played; set "
                "the JACK server to its rate, or train another"
            )
        self._graph = EffectGraph(file.graph, manifest.taps, where)
        for _ in range(math.ceil(_WARM_UP * rate / BLOCK)):
            self._graph.run()
        self._dry = np.zeros(BLOCK, np.float32)
        self._ramp = (np.arange(BLOCK, dtype=np.float32) + 1) / BLOCK
        self._most = _SLOW * BLOCK / rate
        self._longest_rest = round(_REST * rate / BLOCK)
        self._rest = 0
        self._taken = 0.0
        self._wet = 1.0
        self._name = manifest.name
        self.is_live = True
        """Whether somebody waits for each block, so that it must not be late."""
        self.problem = ""
        """Why it is left out; empty as long as it is heard."""

    @property
    def description(self) -> str:
        """Its name, and what is wrong with it."""
        return f"effect {self._name}" + (f" left out: {self.problem}" if self.problem else "")

    def process(self, block: Block) -> None:
        left, right = (np.frombuffer(side, np.float32) for side in (block.left, block.right))
        dry = self._dry
        np.add(left, right, out=dry)
        np.multiply(dry, 0.5, out=dry)
        if self.problem and not self._wet and not self._is_rested():
            left[:] = right[:] = dry
            return
        out = self._graph.output
        self._graph.input[:] = dry
        begun = time.perf_counter()
        self._graph.run()
        self._judge(time.perf_counter() - begun)
        if self._wet < 1.0 or self.problem:
            self._fade(out, dry)
        left[:] = right[:] = out

    def _is_rested(self) -> bool:
        """Whether it is time to try again, which begins as if nothing had been heard."""
        self._rest += 1
        if self._rest < self._longest_rest:
            return False
        self._rest, self._taken, self.problem = 0, 0.0, ""
        self._graph.reset()
        return True

    def _judge(self, seconds: float) -> None:
        self._taken += _LOOK * (seconds - self._taken)
        if self.is_live and self._taken > self._most:
            self.problem = "this machine is too slow for it"
        out = self._graph.output
        with np.errstate(over="ignore", invalid="ignore"):
            energy = np.dot(out, out)
        if not math.isfinite(energy):
            self.problem, self._wet = "it gives no numbers", 0.0
            out[:] = self._dry

    def _fade(self, out: Any, dry: Any) -> None:
        """Towards the dry sound or back, a straight line over ``_FADE`` blocks."""
        step = -1.0 / _FADE if self.problem else 1.0 / _FADE
        after = min(1.0, max(0.0, self._wet + step))
        share = self._wet + (after - self._wet) * self._ramp
        self._wet = after
        out -= dry
        out *= share
        out += dry
