"""The composition root: builds the parts from the configuration and runs them.

The page is one more component in the list: it starts after the music and stops before it.
"""

from __future__ import annotations

import faulthandler
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from playbach import __version__
from playbach.config import Loaded, load_config
from playbach.config.schema import NOWHERE
from playbach.daemon.components import Component, running
from playbach.daemon.logs import set_up_logging
from playbach.daemon.notify import Notifier
from playbach.daemon.retrying import Retrying
from playbach.daemon.signals import Inbox
from playbach.daemon.state import Remembered
from playbach.daemon.supervisor import Supervisor
from playbach.errors import PortError
from playbach.page_address import parse_address
from playbach.sender.process import apart
from playbach.session.archive import MEGABYTE
from playbach.session.parts import Parts
from playbach.session.session import Session
from playbach.session.settings import DEFAULTS, Settings, check_sink
from playbach.sinks.base import Sink
from playbach.sinks.choose import choose_sink
from playbach.sinks.jack_server import jack_library
from playbach.sinks.midi_api import ALSA_DEVICE
from playbach.sinks.realtime import settle_process
from playbach.sinks.table import find_kind

_LOG = logging.getLogger(__name__)
LONGEST_STOP = 8.0
"""Seconds, fewer than a service manager waits before it kills."""
NO_SOUND = replace(DEFAULTS, sink="none")
"""What can be used anywhere, where the included model can: the page is there, and sounds itself."""


def serve(path: Path | None, state: Path) -> int:
    """Play as the configuration says, until a signal asks for the end; the exit status.

    Args:
        path: the configuration, read again at SIGHUP; ``None`` for the defaults.
        state: folder in which changes made while it plays are remembered.

    Raises:
        PlaybachError: the configuration is not as it must be, or what is included cannot be used.
    """
    # The watchdog's SIGABRT then leaves in the log where every thread hung.
    faulthandler.enable()
    inbox = Inbox()
    inbox.listen()
    notifier = Notifier.from_environment()
    loaded = load_config(path)
    set_up_logging(loaded.config.service.log_level)
    _LOG.info("Play Bach %s, configured by %s", __version__, path or "the defaults alone")
    remembered = Remembered(state) if loaded.config.service.remember else None
    music = music_of(loaded, remembered, state)
    page, tries = _page(loaded, music, state)
    components: Sequence[Component] = [music, *page, Retrying([music.retry, *tries])]
    with running(components):
        settle_process()
        supervisor = Supervisor(
            loaded, music, components, remembered=remembered, notifier=notifier, inbox=inbox
        )
        try:
            return supervisor.run()
        finally:
            # A library that hangs in its last call must not keep the service from ending; where it
            # hangs is then in the log. What sounded has been silenced before anything is closed.
            faulthandler.dump_traceback_later(LONGEST_STOP, exit=True)
            notifier.stopping()
            supervisor.finish()


def _page(
    loaded: Loaded, music: Session, state: Path
) -> tuple[list[Component], list[Callable[[], bool]]]:
    """The page, if there is to be one, and how it is tried again."""
    page = loaded.config.page
    if page.address == NOWHERE:
        return [], []
    # The server and its library take memory that a service without a page does not spend.
    from playbach.daemon.page import Page, token_of  # noqa: PLC0415
    from playbach.web.server import Site  # noqa: PLC0415

    address = parse_address(page.address)
    models = None if page.models is None else state / page.models
    served = Page(music, Site(address, token_of(address, state, music), models))
    return [served], [served.retry]


def patient_sink(settings: Settings) -> Sink:
    """The sink that the settings name, or the best there is; one that waits if there is none.

    Raises:
        InputError: it is none that a service can have.
    """
    check_sink(settings)
    try:
        sink = choose_sink(settings.sink, settings.port).sink
    except PortError:
        if settings.sink is not None:
            raise
    else:
        if sink.name != "none" or settings.sink == "none":
            return apart(sink, settings.port)
    # Nothing here makes sound yet. A synth that is still to come, or to be switched on, will show
    # as a port of what this system has.
    with_jack = "midi" if jack_library() is None else "jack"
    kind = find_kind("alsa" if ALSA_DEVICE.exists() else with_jack)
    return apart(kind.make(settings.port), settings.port)


def music_of(
    loaded: Loaded,
    remembered: Remembered | None,
    state: Path,
    parts: Parts = Parts(make_sink=patient_sink),  # noqa: B008 frozen
) -> Session:
    """The music as configured and remembered, not begun; it plays whatever of that cannot be used.

    Args:
        loaded: the configuration.
        remembered: what was changed before; ``None`` for nothing.
        state: folder that relative paths begin in.
        parts: makes what settings name.

    Raises:
        PlaybachError: not even the included model can be used.
    """
    configured, recording = loaded.config.settings, loaded.config.recording
    return Session(
        remembered.load(configured) if remembered else configured,
        fallbacks=(configured, DEFAULTS, NO_SOUND),
        recordings=None if recording.folder is None else state / recording.folder,
        recordings_bytes=recording.megabytes * MEGABYTE,
        parts=parts,
    )
