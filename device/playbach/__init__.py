"""Play Bach: composes new music in the manner of the solo suites and plays it on time."""

__all__ = ["__version__"]


def __getattr__(name: str) -> str:
    """``__version__``, as it was installed; reading that takes 20 ms, which few commands need."""
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415 as above

    try:
        return version("playbach")
    except PackageNotFoundError:
        return "0+unknown"  # a copy of the folder that was never installed
