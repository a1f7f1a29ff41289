"""What tests of several parts share: a JACK server, tiny scores, and a run trained on them."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from tests.fixtures.make_tiny_bundle import tiny_options, train_tiny, write_scores
from tests.fixtures.once import once

pytest_plugins = [
    "tests.fixtures.jack",
    "tests.fixtures.sequencer",
    "tests.fixtures.symbol_bundles",
]

EPOCHS = 3

# A machine that is busy with something else is no failure.
settings.register_profile("no deadline", deadline=None, max_examples=30)
settings.load_profile("no deadline")


@pytest.fixture(scope="session", autouse=True)
def _cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Bundles that tests use are tried once for all of them, and nothing is left with the user."""
    with pytest.MonkeyPatch.context() as environment:
        folder = once(tmp_path_factory, "cache", lambda _: None)
        # As a service manager names it, since others keep large files where XDG_CACHE_HOME says.
        environment.setenv("CACHE_DIRECTORY", str(folder))
        yield


@pytest.fixture(scope="session", autouse=True)
def signals_as_at_a_terminal() -> Iterator[None]:
    """Programs that tests start hear Ctrl-C and a hang-up, even where pytest itself does not.

    Under ``nohup``, and in the background of a script, these are ignored from the start, and
    what is started inherits that; a handler it does not inherit.
    """
    ignored = [
        getattr(signal, name)
        for name in ("SIGINT", "SIGQUIT", "SIGHUP")
        if hasattr(signal, name) and signal.getsignal(getattr(signal, name)) is signal.SIG_IGN
    ]
    for number in ignored:
        signal.signal(number, lambda *_: None)
    yield
    for number in ignored:
        signal.signal(number, signal.SIG_IGN)


@pytest.fixture(scope="session")
def scores(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of six tiny movements."""
    return once(tmp_path_factory, "scores", lambda folder: write_scores(folder, bars=4))


@pytest.fixture(scope="session")
def options() -> list[str]:
    """A run of three epochs, every kind of dropout on."""
    return tiny_options(training__epochs=EPOCHS, training__segment=64)


@pytest.fixture(scope="session")
def finished(scores: Path, options: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny run that was never interrupted."""

    def train(folder: Path) -> None:
        assert train_tiny(scores, folder / "tiny", options) == 0

    return once(tmp_path_factory, "finished", train) / "tiny"
