"""Runs a bundle's graphs for a few notes, in a process of its own that ``trial`` starts.

The runtime is C++ and trusts the graphs: one that was altered can crash it, let it run without end,
or take all memory. Here it takes nothing with it. ``docs/decisions/a-model-is-tried-first.md``.
"""

from __future__ import annotations

import contextlib
import math
import os
import signal
import threading
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import numpy as np

from playbach.bundle import Bundle, bundle_in
from playbach.bundle.limits import MIB
from playbach.composer.composer import Composer, Settings
from playbach.errors import BundleError, InputError
from playbach.music.encoding import Heading
from playbach.music.key import Mode
from playbach.predictor import (
    AnyPredictor,
    Predictor,
    Probabilities,
    SymbolPredictor,
    load_predictor,
)
from playbach.predictor.fallback import COMPILED, ON_CPU
from playbach.predictor.graph import graph_specs, runtime
from playbach.predictor.parts import AGAIN

try:
    import resource
except ImportError:  # Windows has no such limits
    resource = None  # type: ignore[assignment]

ACCEPTED = "accepted"
"""The answer about a bundle that can be played; else it is ``NAME OF ERROR: TEXT``."""
REFUSALS: dict[str, type[BundleError | InputError]] = {
    kind.__name__: kind for kind in (BundleError, InputError)
}
MOST_ANSWER = 2_000
"""Bytes of an answer."""
NOTES = 48
"""So many of each of two movements are composed: some hundredths of a second."""
_SPARE_BYTES = 64 * MIB
_TIMES = 4
"""What may be allocated: ``_SPARE_BYTES`` and so many times the bundle's own size. The included
bundle, of 3 MB, takes 8 MB."""
_SUM_TOLERANCE = 1e-3
_REASON = 200


def main(arguments: Sequence[str]) -> None:
    """``VARIANT STEPWISE SIZE SECONDS PATH``: tries the bundle on standard input, and answers.

    Args:
        arguments: the variant to run; ``1`` if the network is to go stepwise, else ``0``; how many
            bytes the bundle has; after how many seconds this process ends; the path that messages
            name.
    """
    variant, stepwise, size, seconds, path = arguments
    if hasattr(signal, "alarm"):
        # Nothing in this process can stop it, not even native code that hangs.
        signal.alarm(math.ceil(float(seconds)))
    answers = os.dup(1)
    # What native code may print is no answer.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    with os.fdopen(0, "rb", closefd=False) as given:
        archive = given.read(int(size))
    threading.Thread(target=_end_with_parent, daemon=True).start()
    answer = _answer(archive, Path(path), variant, stepwise=stepwise == "1")
    os.write(answers, answer.encode(errors="replace")[:MOST_ANSWER])
    # Whatever the graphs have done to this process, it is not asked to tidy up.
    os._exit(0)


def try_notes(bundle: Bundle, variant: str, *, stepwise: bool) -> None:
    """Load the network of ``bundle`` and compose with it, for the processor.

    Graphs for an Edge TPU are only read: the device belongs to whoever plays. In their stead those
    they were compiled from run, if the bundle has them.

    Raises:
        BundleError: it cannot be loaded, or answers what is no distribution.
        InputError: it has no such variant, or no form that goes stepwise.
    """
    if variant == COMPILED:
        for part in bundle.manifest.parts:
            if part.variant == COMPILED:
                # Without the device it has no such operation, which is no fault of the graph.
                with contextlib.suppress(ValueError, RuntimeError):
                    graph_specs(bundle.part(COMPILED, part.role))
        if ON_CPU not in bundle.manifest.variants:
            return
        variant = ON_CPU
    predictor = _checked(load_predictor(bundle, variant, stepwise=stepwise), str(bundle.path))
    settings = Settings()
    for seed in range(2):
        rng = np.random.default_rng(seed)
        composer = Composer(predictor, bundle.manifest.range, rng, lambda: settings)
        for _ in islice(composer.stream(), NOTES):
            pass


def _answer(archive: bytes, path: Path, variant: str, *, stepwise: bool) -> str:
    runtime()  # what it takes itself is not what the bundle takes
    _limit(_SPARE_BYTES + _TIMES * len(archive))
    try:
        try_notes(bundle_in(archive, path), variant, stepwise=stepwise)
    except (BundleError, InputError) as error:
        return f"{type(error).__name__}: {error}"
    # Numbers that make no sense may lead to any error in what reckons with them.
    except Exception as error:  # noqa: BLE001 whatever it is, this bundle cannot be played
        what = f"{type(error).__name__}: {error}"[:_REASON]
        refusal = f"{path}: music cannot be composed with its {variant} network ({what}); {AGAIN}"
        return f"{BundleError.__name__}: {refusal}"
    return ACCEPTED


def _limit(spare: int) -> None:
    """Allow no more than ``spare`` bytes of memory from here on, and no file."""
    with contextlib.suppress(OSError):
        os.nice(10)  # the music that plays comes first
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:  # noqa: PTH123 a file of the kernel
        file.write("1000")  # where memory is short, this process ends and not the one that plays
    if resource is None:
        return
    limits = {resource.RLIMIT_CORE: 0, resource.RLIMIT_FSIZE: 0}
    with contextlib.suppress(OSError):  # only Linux says, and keeps to it
        pages = int(Path("/proc/self/statm").read_text().split()[5])
        limits[resource.RLIMIT_DATA] = pages * resource.getpagesize() + spare
    for which, most in limits.items():
        # One that was set lower stays.
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(which, (most, most))


def _end_with_parent() -> None:
    """Wait until the parent closes our standard input, or dies."""
    os.read(0, 1)
    os._exit(1)


def _checked(predictor: AnyPredictor, where: str) -> AnyPredictor:
    if isinstance(predictor, SymbolPredictor):
        return _CheckedSymbols(predictor, where)
    return _CheckedNotes(predictor, where)


class _CheckedNotes:
    """A predictor whose answers are looked at."""

    def __init__(self, predictor: Predictor, where: str) -> None:
        self._predictor, self._where = predictor, where
        self.encoding = predictor.encoding
        self.variant = predictor.variant

    def begin(self, heading: Heading) -> None:
        self._predictor.begin(heading)

    def shift(self) -> Probabilities:
        return self._look("shift", self._predictor.shift(), self.encoding.shift_symbols)

    def pitch(self, shift: int, memory: float = 1.0) -> Probabilities:
        found = self._predictor.pitch(shift, memory)
        return self._look("pitch", found, self.encoding.pitch_symbols)

    def duration(self, shift: int, pitch: int) -> Probabilities:
        found = self._predictor.duration(shift, pitch)
        return self._look("duration", found, self.encoding.duration_symbols)

    def advance(self, shift: int, pitch: int, duration: int) -> None:
        self._predictor.advance(shift, pitch, duration)

    def _look(self, what: str, found: Probabilities, count: int) -> Probabilities:
        return _distribution(found, count, f"{self._where}: of each {what} its network")


class _CheckedSymbols:
    """Likewise, for symbols."""

    def __init__(self, predictor: SymbolPredictor, where: str) -> None:
        self._predictor, self._where = predictor, where
        self.vocabulary, self.ticks = predictor.vocabulary, predictor.ticks
        self.variant = predictor.variant

    def begin(self, mode: Mode, rng: np.random.Generator) -> int:
        return self._predictor.begin(mode, rng)

    def symbols(self) -> Probabilities:
        found, where = self._predictor.symbols(), f"{self._where}: of each symbol its network"
        return _distribution(found, len(self.vocabulary), where)

    def lasts(self) -> Probabilities:
        found, where = self._predictor.lasts(), f"{self._where}: of how long each lasts its network"
        return _distribution(found, len(self.ticks), where)

    def advance(self, symbol: int, last: int) -> None:
        self._predictor.advance(symbol, last)


def _distribution(found: Probabilities, count: int, where: str) -> Probabilities:
    if found.shape != (count,):
        raise BundleError(f"{where} gives {found.shape} numbers and not {count}; {AGAIN}")
    # Written so that NaN is refused too.
    if not (found.min() >= 0 and abs(float(found.sum()) - 1) <= _SUM_TOLERANCE):
        raise BundleError(f"{where} gives numbers that are no probabilities; {AGAIN}")
    return found
