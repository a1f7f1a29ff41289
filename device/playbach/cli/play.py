"""``playbach play``: new music without end, or for a while."""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from playbach.cli.osc import WantedOsc, add_osc_arguments, steered, wanted_osc
from playbach.cli.served import WantedPage, add_page_arguments, served, wanted_page
from playbach.cli.terminal import HELP, StopSignal, TerminalUI, key_presses
from playbach.cli.theme import add_theme_argument, wanted_theme
from playbach.command_line import add_option, options_given, say
from playbach.daemon.state import state_folder
from playbach.schema import Mistakes, Setting, changed, settings_of
from playbach.sender.process import apart
from playbach.session.kept import KEPT
from playbach.session.session import Session
from playbach.session.settings import (
    DEFAULTS,
    Seed,
    add_setting_arguments,
    seed_of,
    settings_from,
    sound_of,
)
from playbach.signals import listen_at_terminal
from playbach.sinks.choose import choose_sink
from playbach.sinks.realtime import settle_process
from playbach.sinks.table import SINKS
from playbach.stream import Seconds

LONGEST = 10 * 365 * 86_400.0
"""Seconds that can be asked for: ten years."""
_LOOK = Seconds(0.05)
"""Seconds between looks for the first note."""
_TO_HEAR = "to hear it now: open this page and tap 'Listen here'"
_HEAD_START = 2.0
"""Seconds after which the page is served though no note has left."""


@dataclass(frozen=True, slots=True)
class PlayOptions:
    """What is asked beside the live settings."""

    seconds: Annotated[
        float | None,
        Setting(
            "stop after so many seconds", above=0, low=0, high=LONGEST, none_means="never",
            meaning=f"above 0, at most {LONGEST:.0f}",
        ),
    ] = None  # fmt: skip
    seed: Seed = None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    groups = add_setting_arguments(parser)
    own = settings_of(PlayOptions)
    add_option(groups["music"], own["seed"])
    add_theme_argument(groups["music"])
    sound = groups["sound"]
    add_option(sound, own["seconds"])
    sound.add_argument(
        "--record", metavar="FOLDER", type=Path, help="save each movement there as a MIDI file"
    )
    sound.description = "; ".join(f"{kind.name}: {kind.description}" for kind in SINKS)
    add_page_arguments(parser)
    add_osc_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Play until the end, or until a signal; the exit status."""
    mistakes, settings = Mistakes(), DEFAULTS
    with mistakes.noted():
        settings = settings_from(args)
    with mistakes.noted():
        options = changed(PlayOptions(), options_given(args, settings_of(PlayOptions)))
    with mistakes.noted():
        osc = wanted_osc(args)
    theme = None
    with mistakes.noted():
        theme = wanted_theme(args, settings)
    mistakes.check()
    seed = seed_of(options.seed)
    page = wanted_page(args)
    sound = sound_of(settings)
    choice = choose_sink(settings.sink, settings.port, sound)
    session = Session(
        settings,
        sink=apart(choice.sink, choice.port, sound),
        seed=seed,
        limit=None if options.seconds is None else Seconds(options.seconds),
        recordings=args.record,
        kept=state_folder() / KEPT,
        theme=theme,
    )
    if theme is not None:
        say(session.status().theme)
    for line in choice.explanation:
        say(line)
    say(f"seed {seed}; network {session.status().variant}; Ctrl-C stops")
    invitation = "" if choice.is_heard else _TO_HEAR
    with key_presses() as keys:
        if keys is not None:
            say(HELP)
        _play(session, TerminalUI(session, keys), page, osc, invitation)
    say(f"played {session.status().playing.notes} notes")
    return 0


def _play(
    session: Session,
    terminal: TerminalUI,
    page: WantedPage | None,
    osc: WantedOsc,
    invitation: str,
) -> None:
    try:
        listen_at_terminal(terminal.asked)
        session.start()
        _await_first_note(session, terminal)
        with steered(session, osc), served(session, page, say, invitation):
            settle_process()
            terminal.run()
    except StopSignal:
        pass
    finally:
        terminal.leave()
        session.stop()
        terminal.close()


def _await_first_note(session: Session, terminal: TerminalUI) -> None:
    """Leave the processor to the composer, which needs it more than the page does."""
    until = time.monotonic() + _HEAD_START
    while not session.wait(_LOOK) and time.monotonic() < until:
        terminal.look()
        if session.status().playing.notes:
            return
