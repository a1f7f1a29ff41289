"""The command line, as its own tests call it."""

from tests.device.cli.conftest import playbach

__all__ = ["playbach"]
