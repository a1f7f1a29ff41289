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
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from playbach.archive import MIB
from playbach.bundle import Bundle, bundle_in
from playbach.composer.composer import Composer, ComposerSettings
from playbach.errors import BundleError, InputError
from playbach.predictor import Probabilities, load_predictor
from playbach.predictor.edge_tpu import COMPILED, ON_CPU
from playbach.predictor.graph import graph_specs
from playbach.predictor.parts import AGAIN
from playbach.runtime import runtime

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
_ANSWERS: Mapping[str, tuple[str, Callable[[Any], int]]] = {
    "shift": ("each shift", lambda predictor: predictor.encoding.shift_symbols),
    "pitch": ("each pitch", lambda predictor: predictor.encoding.pitch_symbols),
    "duration": ("each duration", lambda predictor: predictor.encoding.duration_symbols),
    "symbols": ("each symbol", lambda predictor: len(predictor.vocabulary)),
    "lasts": ("how long each lasts", lambda predictor: len(predictor.ticks)),
}
"""What predictors answer, by method: in words, and how many numbers that must be."""


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
    predictor = load_predictor(bundle, variant, stepwise=stepwise)
    _look_at_answers(predictor, str(bundle.path))
    settings = ComposerSettings()
    for seed in range(2):
        composer = Composer(predictor, bundle.manifest.range, seed, lambda: settings)
        for _ in islice(composer, NOTES):
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


def _look_at_answers(predictor: Any, where: str) -> None:
    """From now on the predictor raises ``BundleError`` where an answer is no distribution."""
    for name, (what, length) in _ANSWERS.items():
        answer = getattr(predictor, name, None)
        if answer is not None:
            place = f"{where}: of {what} its network"
            setattr(predictor, name, partial(_distribution, answer, length(predictor), place))


def _distribution(
    answer: Callable[..., Probabilities], count: int, where: str, *given: Any
) -> Probabilities:
    found = answer(*given)
    if found.shape != (count,):
        raise BundleError(f"{where} gives {found.shape} numbers and not {count}; {AGAIN}")
    # Written so that NaN is refused too.
    if not (found.min() >= 0 and abs(float(found.sum()) - 1) <= _SUM_TOLERANCE):
        raise BundleError(f"{where} gives numbers that are no probabilities; {AGAIN}")
    return found
