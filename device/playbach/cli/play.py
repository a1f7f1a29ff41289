"""``playbach play``: new music without end, or for a while."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from playbach.cli.desk import Desk, StopSignal
from playbach.cli.keys import HELP, key_presses
from playbach.cli.music import MOST_SEED, seed_from
from playbach.cli.page_option import WantedPage, add_page_arguments, served, wanted_page
from playbach.cli.screen import say
from playbach.errors import InputError
from playbach.sender.process import apart
from playbach.session.options import add_setting_arguments, settings_from
from playbach.session.session import Session
from playbach.signals import listen_at_terminal
from playbach.sinks.choose import choose_sink
from playbach.sinks.realtime import settle_process
from playbach.sinks.table import SINKS
from playbach.stream import Seconds

LONGEST = 10 * 365 * 86_400.0
"""Seconds that can be asked for: ten years."""
_LOOK = Seconds(0.05)
"""Seconds between looks at the keyboard."""
_TO_HEAR = "to hear it now: open this page and tap 'Listen here'"
_HEAD_START = 2.0
"""Seconds after which the page is served though no note has left."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    sound = add_setting_arguments(parser)["sound"]
    sound.add_argument("--seconds", metavar="S", type=float, help="stop after so many seconds")
    sound.add_argument(
        "--record", metavar="FOLDER", type=Path, help="save each movement there as a MIDI file"
    )
    sound.description = "; ".join(f"{kind.name}: {kind.description}" for kind in SINKS)
    add_page_arguments(parser)
    parser.add_argument(
        "--seed",
        metavar="N",
        type=int,
        help=f"random seed, 0 to {MOST_SEED}; the same seed gives the same music",
    )


def run(args: argparse.Namespace) -> int:
    """Play until the end, or until a signal; the exit status.

    Raises:
        PlaybachError: an option, the bundle or the sink is not as it must be.
    """
    settings = settings_from(args)
    limit = _limit(args.seconds)
    seed = seed_from(args)
    page = wanted_page(args)
    choice = choose_sink(settings.sink, settings.port)
    session = Session(
        settings,
        sink=apart(choice.sink, settings.port),
        seed=seed,
        limit=limit,
        recordings=args.record,
    )
    for line in choice.explanation:
        say(line)
    say(f"seed {seed}; network {session.status().variant}; Ctrl-C stops")
    invitation = _TO_HEAR if choice.sink.name == "none" else ""
    with key_presses() as keys:
        if keys is not None:
            say(HELP)
        _play(session, Desk(session, keys), page, invitation)
    say(f"played {session.status().playing.notes} notes")
    return 0


def _play(session: Session, desk: Desk, page: WantedPage | None, invitation: str) -> None:
    try:
        listen_at_terminal(desk.asked)
        settle_process()
        session.start()
        _await_first_note(session, desk)
        with served(session, page, say, invitation):
            session.wait(watch=desk.look, interval=_LOOK)
    except StopSignal:
        pass
    finally:
        desk.leave()
        session.stop()
        desk.close()


def _await_first_note(session: Session, desk: Desk) -> None:
    """Leave the processor to the composer, which needs it more than the page does."""
    until = time.monotonic() + _HEAD_START
    while not session.wait(_LOOK) and time.monotonic() < until:
        playing = session.status().playing
        desk.look(playing)
        if playing.notes:
            return


def _limit(seconds: float | None) -> Seconds | None:
    # Written so that NaN is refused too.
    if seconds is not None and not 0 < seconds <= LONGEST:
        raise InputError(f"seconds {seconds}: it must be above 0 and at most {LONGEST:.0f}")
    return None if seconds is None else Seconds(seconds)
