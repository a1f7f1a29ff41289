"""``playbach check``: what was found, what is missing, what to do."""

from __future__ import annotations

import argparse
import os
import secrets
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from playbach.config import Config, Loaded, find_config, load_config
from playbach.daemon.state import state_folder
from playbach.errors import InputError, PlaybachError
from playbach.midi.messages import TimedMessage, note_off, note_on, program_change
from playbach.sender.process import apart
from playbach.session.settings import Settings, sound_of
from playbach.session.trial import load_tried
from playbach.sinks.choose import checks, choose_sink
from playbach.sinks.microphone import MICROPHONE, Ear
from playbach.sinks.realtime import possible_timing
from playbach.sinks.table import Check
from playbach.timing import Seconds

if TYPE_CHECKING:
    from playbach.sound.ears import Played

_BEFORE = 0.5
"""Seconds before the phrase, in which the sink gets it."""
_LISTENED = 3.0
"""The same, if it is to be told what is heard meanwhile."""
_DOUBT = 0.1
"""Likelihood from which a kind of sound is named."""
_SIGN = 0.2
_EARLY = 0.2
"""Seconds from the choice of the instrument to the first note."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("--bundle", metavar="FILE", type=Path, help="the model to look at")
    parser.add_argument("--config", metavar="FILE", type=Path, help="the configuration to look at")
    parser.add_argument(
        "--listen",
        nargs="?",
        const=MICROPHONE,
        metavar="SOURCE",
        help="play a phrase and say whether it is heard, by the first microphone of JACK or ALSA's "
        "default, or by this source: part of the name of a JACK port, or a device of ALSA",
    )
    parser.add_argument(
        "--sounds",
        metavar="FILE",
        type=Path,
        help="with --listen: also say what kind of sound is heard before the phrase, by this "
        "classifier of 'playbach-train sounds'",
    )


def run(args: argparse.Namespace) -> int:
    """Print a line for each thing; 0 if music can be composed and heard, else 1."""
    if args.sounds is not None and args.listen is None:
        raise InputError("--sounds tells what is heard; give --listen, too")
    loaded = load_config(args.config or find_config())
    settings = loaded.config.settings
    model = _model(args.bundle or settings.bundle, settings.variant)
    sinks = checks()
    rows = [model, *sinks, _configuration(loaded), _timing(), _state(loaded.config)]
    ears = [] if args.listen is None else [_ears(settings, args.listen, args.sounds)]
    for check in (*rows, *ears):
        mark = "ok     " if check.found else "missing"
        remedy = f"; {check.remedy}" if check.remedy else ""
        sys.stdout.write(f"{mark} {check.thing}: {check.detail}{remedy}\n")
    heard = any(check.found for check in sinks)
    verdict = "music can be heard here" if heard else "nothing here makes sound yet"
    sys.stdout.write(f"{verdict if model.found else 'no music without a model'}\n")
    return 0 if model.found and heard and all(check.found for check in ears) else 1


def _ears(settings: Settings, source: str, sounds: Path | None) -> Check:
    """Whether a phrase is heard that the configured sink plays."""
    from playbach.sound.ears import LATE, phrase  # noqa: PLC0415 most checks do not listen

    sound, notes = sound_of(settings), phrase(secrets.randbelow(1 << 32))
    try:
        choice = choose_sink(settings.sink, settings.port, sound)
        sink = apart(choice.sink, choice.port, sound)
        sink.open()
        try:
            sink.start(_fail)
            with Ear(source, sounds) as ear:
                before = _BEFORE if sounds is None else _LISTENED
                begins, offset = sink.now() + before, ear.seconds + before
                sink.send(list(_messages(notes, begins, settings)))
                over = begins + notes[-1].at + notes[-1].lasts + LATE
                while sink.now() < over:
                    # A sign of life, without which what was sent is dropped.
                    sink.send([])
                    time.sleep(_SIGN)
                found = ear.find([note._replace(at=offset + note.at) for note in notes])
            sink.silence()
        finally:
            sink.close()
    except PlaybachError as error:
        return Check("ears", found=False, detail=str(error))
    told = f"{found.notes} of {found.of} notes through {sink.description}"
    kinds = [f"{kind} {share:.0%}" for kind, share in found.before.items() if share > _DOUBT]
    others = f"; before them: {', '.join(kinds)}" if kinds else ""
    if found.is_heard:
        late = max(0.0, found.delay)
        return Check("ears", found=True, detail=f"heard, {told}, {late:.2f} s late{others}")
    remedy = "see to the cable, the volume and the microphone; --listen NAME names another"
    return Check("ears", found=False, detail=f"nobody hears it, {told}{others}", remedy=remedy)


def _messages(notes: Sequence[Played], begins: float, settings: Settings) -> Iterator[TimedMessage]:
    channel = settings.channel - 1
    if settings.program is not None:
        yield TimedMessage(Seconds(begins - _EARLY), program_change(channel, settings.program))
    for note in notes:
        at = begins + note.at
        yield TimedMessage(Seconds(at), note_on(channel, note.key, settings.velocity))
        yield TimedMessage(Seconds(at + note.lasts), note_off(channel, note.key))


def _fail(error: BaseException) -> None:
    sys.stderr.write(f"playbach check: {error}\n")


def _model(path: Path | str | None, variant: str | None) -> Check:
    def look() -> str:
        bundle, predictor = load_tried(path, variant)
        network, run = bundle.manifest.network.name, bundle.manifest.provenance.run
        return f"{network} from {run}, {predictor.variant} ({bundle.path})"

    return _tried("model", look)


def _configuration(loaded: Loaded) -> Check:
    settings = loaded.config.settings
    where = "defaults" if loaded.path is None else f"{loaded.path}, {len(loaded.origins)} keys"
    sink = settings.sink or "the best sink there is"
    port = f", port {settings.port}" if settings.port else ""
    return Check("configuration", found=True, detail=f"{where}; plays to {sink}{port}")


def _timing() -> Check:
    # Not having real-time priority is no fault: it says so itself, and what to do.
    return Check("timing", found=True, detail=possible_timing())


def _state(config: Config) -> Check:
    folder = state_folder()
    if not config.service.remember:
        return Check("state", found=True, detail="nothing is remembered, as configured")
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    if existing.is_dir() and os.access(existing, os.W_OK | os.X_OK):
        return Check("state", found=True, detail=f"changes are remembered in {folder}")
    return Check("state", found=False, detail=f"{existing} cannot be written to",
                 remedy="set XDG_STATE_HOME to a folder that can")  # fmt: skip


def _tried(thing: str, look: Callable[[], str]) -> Check:
    try:
        return Check(thing, found=True, detail=look())
    except PlaybachError as error:
        return Check(thing, found=False, detail=str(error))
