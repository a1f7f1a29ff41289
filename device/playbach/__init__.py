"""Play Bach: composes new music in the manner of the solo suites and plays it on time."""

__version__ = "0.1.0"
