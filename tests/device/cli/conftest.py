"""The real command line, called in this process: its status, and what it said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.fixtures.make_tiny_bundle import TINY_BUNDLE

from playbach.cli import main


@dataclass(frozen=True)
class Said:
    """What a command did.

    Attributes:
        status: its exit status.
        out: what it wrote to standard output.
        error: what it wrote to standard error.
    """

    status: int
    out: str
    error: str

    @property
    def mistake(self) -> str:
        """The one line that a mistake of the user's is answered with."""
        assert self.status == 2, self
        assert self.error.count("\n") == 1, self
        assert self.error.endswith("\n")
        assert self.error.startswith("playbach"), self
        assert "Traceback" not in self.error
        return self.error


Command = Callable[..., Said]


@pytest.fixture
def playbach(capfd: pytest.CaptureFixture[str], unsettled: None) -> Command:
    """Runs ``playbach`` with these words; tiny bundle and free port unless they name others."""
    del unsettled  # wanted for what it does afterwards

    def run(*words: str | Path, web: str | None = "127.0.0.1:0") -> Said:
        given = [str(word) for word in words]
        if given[:1] in (["play"], ["save"], ["check"]) and "--bundle" not in given:
            given += ["--bundle", str(TINY_BUNDLE)]
        if given[:1] == ["play"] and web and not {"--web", "--no-web"} & set(given):
            given += ["--web", web]  # the usual port may be another test's
        try:
            status = main(given)
        except SystemExit as stop:
            status = stop.code if isinstance(stop.code, int) else 0
        out, error = capfd.readouterr()
        return Said(status, out, error)

    return run
