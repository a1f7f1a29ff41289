"""Loading a bundle that may be anybody's: it is tried in a process of its own before it runs here.

    bundle, predictor = load_tried(Path("mine.bundle"), None)

The included bundle is not tried, and others only once: what was accepted is remembered by its
SHA-256, with the versions that ran it. ``docs/decisions/a-model-is-tried-first.md`` says why.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import signal
import subprocess
import threading
from pathlib import Path
from typing import IO

import playbach
from playbach.archive import read_archive, shown_path
from playbach.bundle import Bundle, bundle_in, default_bundle_path
from playbach.child import command
from playbach.errors import BundleError, OutputError
from playbach.files import own_folder, write_atomically
from playbach.predictor import AnyPredictor, chosen_variant, load_predictor
from playbach.predictor.parts import AGAIN
from playbach.runtime import runtime_version
from playbach.session import trial_child
from playbach.session.trial_child import ACCEPTED, MOST_ANSWER, REFUSALS

DEADLINE = 30.0
"""Seconds that a trial may take. A workstation needs half a second, the slowest board some."""
NAME = "accepted-models.json"
"""The file of the cache folder that says which bundles were accepted."""
MOST_ACCEPTED = 64
_MOST_BYTES = 64 << 10


def load_tried(
    path: Path | str | None,
    variant: str | None,
    *,
    fallback: bool = True,
    stepwise: bool = False,
) -> tuple[Bundle, AnyPredictor]:
    """A bundle and its network, ready to compose; arguments as of ``load_predictor``.

    Args:
        path: of the bundle; ``None`` for the included one.
        variant: numeric form to run; ``None`` for the bundle's default.
        fallback: whether the processor may take over from an Edge TPU.
        stepwise: whether a network of kind ``window`` carries its state on.

    Raises:
        BundleError: it cannot be used, or did harm when it was tried.
        InputError: it has no such variant, or no form that goes stepwise.
        AcceleratorError: it is for an Edge TPU, there is none, and nothing may take over.
    """
    included = default_bundle_path()
    path = included if path is None else Path(path)
    archive = read_archive(path)
    bundle = bundle_in(archive, path)
    if path.absolute() != included.absolute():
        _try_once(archive, path, chosen_variant(bundle, variant), stepwise=stepwise)
    del archive
    return bundle, load_predictor(bundle, variant, fallback=fallback, stepwise=stepwise)


def try_bundle(archive: bytes, path: Path, variant: str, *, stepwise: bool = False) -> None:
    """Compose a few notes with a bundle in a process of its own.

    Args:
        archive: the bytes of its file, which that process is given.
        path: where it was read, for messages.
        variant: numeric form to run; of ``edgetpu``, that for the processor.
        stepwise: as of ``load_predictor``.

    Raises:
        BundleError: that process crashed, took longer than ``DEADLINE`` or too much memory, or
            refused the bundle.
        InputError: the bundle has no such variant, or no form that goes stepwise.
    """
    try:
        child = _start(variant, str(int(stepwise)), str(len(archive)), str(DEADLINE), str(path))
    except (OSError, ValueError) as error:
        raise BundleError(
            f"{shown_path(path)}: it cannot be tried in a process of its own ({error}); close "
            "other programs, or play the included model"
        ) from error
    answer, ended = _answer(child, archive)
    if answer == ACCEPTED and not ended:
        return
    kind, _, said = answer.partition(": ")
    if kind in REFUSALS and said and not ended:
        raise REFUSALS[kind](said if said.isprintable() else ascii(said)[1:-1])
    raise BundleError(
        f"{shown_path(path)}: its {variant} network {ended or 'gave no answer'} when it was tried; "
        f"{AGAIN}, or play another"
    )


def _try_once(archive: bytes, path: Path, variant: str, *, stepwise: bool) -> None:
    digest = hashlib.sha256(archive).hexdigest()
    form = f"{variant}, stepwise" if stepwise else variant
    key = f"{digest} {form}: {runtime_version()}, playbach {playbach.__version__}"
    kept = own_folder(os.environ, "CACHE_DIRECTORY", "XDG_CACHE_HOME", "~/.cache") / NAME
    if key in _accepted(kept):
        return
    try_bundle(archive, path, variant, stepwise=stepwise)
    accepted = [*_accepted(kept), key][-MOST_ACCEPTED:]
    # Where it cannot be written, the bundle is tried again the next time.
    with contextlib.suppress(OSError, OutputError):
        kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_atomically(kept, json.dumps(accepted, indent=1).encode(), force=True)


def _accepted(kept: Path) -> list[str]:
    """What was accepted, the last at the end; nothing if the file is none of ours."""
    try:
        with kept.open("rb") as file:
            found = json.loads(file.read(_MOST_BYTES))
    except (OSError, ValueError, RecursionError):
        return []
    return [key for key in found if isinstance(key, str)] if isinstance(found, list) else []


def _start(*arguments: str) -> subprocess.Popen[bytes]:
    # No shell, and no word of the command but the bundle's path comes from outside.
    return subprocess.Popen(  # noqa: S603
        command(trial_child.__name__, *arguments),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        # A thread for each processor would take memory and be of no use.
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        # Ctrl-C is for us, who end it.
        start_new_session=True,
    )


def _answer(child: subprocess.Popen[bytes], archive: bytes) -> tuple[str, str]:
    """What it answers, and how it ended if that was not as it should."""
    late = threading.Event()

    def give_up() -> None:
        late.set()
        child.kill()

    assert child.stdin is not None  # noqa: S101 for the type checker
    assert child.stdout is not None  # noqa: S101 for the type checker
    patience = threading.Timer(DEADLINE, give_up)
    feeder = threading.Thread(target=_feed, args=(child.stdin, archive), daemon=True)
    patience.daemon = True
    try:
        patience.start()
        feeder.start()
        answer = child.stdout.read(MOST_ANSWER)
        status = child.wait()
    finally:
        patience.cancel()
        child.kill()
        child.wait()
        feeder.join()
        child.stdout.close()
        with contextlib.suppress(OSError):
            child.stdin.close()
    if late.is_set():
        return "", f"took longer than {DEADLINE:.0f} seconds"
    if status < 0:
        return "", f"crashed ({signal.strsignal(-status) or -status})"
    return answer.decode(errors="replace"), f"failed with status {status}" if status else ""


def _feed(pipe: IO[bytes], archive: bytes) -> None:
    """Hand over the bundle; the pipe stays open, since the child ends when it closes."""
    with contextlib.suppress(OSError):
        pipe.write(archive)
        pipe.flush()
