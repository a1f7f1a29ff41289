"""The composition root: builds the parts from the configuration and runs them.

The page is a component after the session: it starts after it and stops before it.
"""

from __future__ import annotations

import faulthandler
import logging
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from playbach import __version__
from playbach.address import parse_address
from playbach.config import Loaded, load_config
from playbach.config.schema import NOWHERE
from playbach.daemon.components import Component, Retrying, running
from playbach.daemon.logs import set_up_logging
from playbach.daemon.notify import Notifier
from playbach.daemon.patient import Patient
from playbach.daemon.state import Overrides
from playbach.daemon.supervisor import EventQueue, Supervisor
from playbach.errors import PortError
from playbach.sender.process import apart
from playbach.session.kept import KEPT
from playbach.session.parts import Parts
from playbach.session.session import Session
from playbach.session.settings import DEFAULTS, Settings, check_sink, sound_of
from playbach.sinks.base import ALSA_DEVICE, Sink
from playbach.sinks.choose import choose_sink
from playbach.sinks.jack_server import jack_library
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
        state: folder in which changes made while it plays are overrides.

    Raises:
        PlaybachError: the configuration is not as it must be, or what is included cannot be used.
    """
    # The watchdog's SIGABRT then leaves in the log where every thread hung.
    faulthandler.enable()
    events = EventQueue()
    events.listen()
    notifier = Notifier.from_environment()
    loaded = load_config(path)
    set_up_logging(loaded.config.service.log_level)
    _LOG.info("Play Bach %s, configured by %s", __version__, path or "the defaults alone")
    overrides = Overrides(state) if loaded.config.service.remember else None
    music = music_of(loaded, overrides, state)
    beside = [*_page(loaded, music, state), *_osc(loaded, music)]
    tries = [music.retry, *(one.retry for one in beside)]
    components: Sequence[Component] = [music, *beside, *_ears(loaded, music), Retrying(tries)]
    with running(components):
        settle_process()
        supervisor = Supervisor(
            loaded, music, components, overrides=overrides, notifier=notifier, events=events
        )
        try:
            return supervisor.run()
        finally:
            # A library that hangs in its last call must not keep the service from ending; where it
            # hangs is then in the log. What sounded has been silenced before anything is closed.
            faulthandler.dump_traceback_later(LONGEST_STOP, exit=True)
            notifier.stopping()
            supervisor.finish()


def _page(loaded: Loaded, music: Session, state: Path) -> list[Patient[Any]]:
    """The page, if there is to be one."""
    page = loaded.config.page
    if page.address == NOWHERE:
        return []
    # The server and its library take memory that a service without a page does not spend.
    from playbach.daemon.page import page_component, token_of  # noqa: PLC0415
    from playbach.web.server import Site  # noqa: PLC0415

    address = parse_address(page.address)
    models = None if page.models is None else state / page.models
    certificate = None if page.certificate is None else state / page.certificate
    site = Site(address, token_of(address, state, music), models, certificate)
    return [page_component(music, site)]


def _osc(loaded: Loaded, music: Session) -> list[Patient[Any]]:
    """Open Sound Control, as far as it is wanted."""
    listen, send = loaded.config.osc.receive, loaded.config.osc.send
    wanted: list[Patient[Any]] = []
    if listen != NOWHERE:
        from playbach.osc.input import OscInput  # noqa: PLC0415 memory, as above

        heard = partial(OscInput, music, parse_address(listen))
        wanted.append(Patient(music, heard, "nobody hears OSC", lambda _: f"OSC heard at {listen}"))
    if send != NOWHERE:
        from playbach.osc.output import OscOutput  # noqa: PLC0415 memory, as above

        sent = partial(OscOutput, music, parse_address(send))
        wanted.append(Patient(music, sent, "no OSC is sent", lambda _: f"OSC sent to {send}"))
    return wanted


def _ears(loaded: Loaded, music: Session) -> list[Component]:
    """What listens whether the music is heard, if anything is to."""
    source = loaded.config.service.listen_back
    if source is None:
        return []
    from playbach.daemon.listening import Listening  # noqa: PLC0415 memory, as above

    return [Listening(music, source)]


def patient_sink(settings: Settings) -> Sink:
    """The sink that the settings name, or the best there is; one that waits if there is none.

    Raises:
        InputError: it is none that a service can have.
    """
    check_sink(settings)
    options = sound_of(settings)
    try:
        choice = choose_sink(settings.sink, settings.port, options)
    except PortError:
        if settings.sink is not None:
            raise
    else:
        if choice.is_heard or settings.sink == "none":
            return apart(choice.sink, choice.port, options)
    # Nothing here makes sound yet. A synth that is still to come, or to be switched on, will show
    # as a port of what this system has.
    own = "alsa" if sys.platform == "linux" else "midi"
    kind = find_kind(own if ALSA_DEVICE.exists() or jack_library() is None else "jack")
    return apart(kind.make(settings.port, options), settings.port, options)


def music_of(
    loaded: Loaded,
    overrides: Overrides | None,
    state: Path,
    parts: Parts = Parts(make_sink=patient_sink),  # noqa: B008 frozen
) -> Session:
    """A session with the configured settings and their overrides, not started.

    Settings that cannot be used are replaced by the configured ones, then by the defaults.

    Args:
        loaded: the configuration.
        overrides: what was changed before; ``None`` for nothing.
        state: folder that relative paths begin in.
        parts: makes what settings name.

    Raises:
        PlaybachError: not even the included model can be used.
    """
    configured, recording = loaded.config.settings, loaded.config.recording
    return Session(
        overrides.load(configured) if overrides else configured,
        fallbacks=(configured, DEFAULTS, NO_SOUND),
        recordings=None if recording.folder is None else state / recording.folder,
        kept=state / KEPT,
        recordings_bytes=recording.megabytes * 1_000_000,
        parts=parts,
    )
