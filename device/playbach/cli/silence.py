"""``playbach silence``: end whatever sounds on a synth, whoever began it."""

from __future__ import annotations

import argparse
from pathlib import Path

from playbach.command_line import say
from playbach.config import load_config
from playbach.daemon.state import Overrides, state_folder
from playbach.errors import PortError
from playbach.midi.messages import MAX_CHANNEL
from playbach.schema import changed
from playbach.session.settings import Settings
from playbach.sinks.choose import choose_sink
from playbach.sinks.table import SINKS, find_kind


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    audible = [kind.name for kind in SINKS if kind.audible]
    parser.add_argument(
        "--sink", choices=audible, help="which of them (default: the best there is)"
    )
    parser.add_argument("--port", metavar="NAME", help="the port, as 'playbach ports' lists it")
    parser.add_argument(
        "--config", metavar="FILE", type=Path, help="the synth of the service configured here"
    )


def run(args: argparse.Namespace) -> int:
    """End what sounds on all channels: CC120, CC123 and every key's note-off; the exit status."""
    settings = _settings(args)
    choice = choose_sink(settings.sink, settings.port)
    sink = choice.sink
    if not (choice.is_heard and find_kind(sink.name).audible):
        say("nothing here makes sound; 'playbach check' says what is missing")
        return 0
    sink.open()
    try:
        sink.start(_fail)
        sink.all_notes_off(range(MAX_CHANNEL + 1))
        sink.silence()
    finally:
        sink.close()
    say(f"silenced: {sink.description}")
    return 0


def _settings(args: argparse.Namespace) -> Settings:
    settings = Settings()
    if args.config is not None:
        settings = Overrides(state_folder()).peek(load_config(args.config).config.settings)
    given = {"sink": args.sink, "port": args.port}
    return changed(settings, {name: value for name, value in given.items() if value is not None})


def _fail(error: BaseException) -> None:
    raise PortError(str(error))
