"""From a bundle to a predictor: one row for each kind of network."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from types import MappingProxyType

from playbach.bundle import Bundle
from playbach.errors import BundleError, InputError
from playbach.music.encoding import ENCODING_VERSION
from playbach.predictor import lstm_copy, noise, window
from playbach.predictor.base import AnyPredictor, Predictor, SymbolPredictor
from playbach.predictor.edge_tpu import COMPILED, LIBRARY, EdgeTpu
from playbach.predictor.graph import Backend, Cpu

NOTE_KINDS: MappingProxyType[str, Callable[[Bundle, str, Backend], Predictor]] = MappingProxyType(
    {lstm_copy.KIND: lstm_copy.LstmCopyPredictor}
)
"""Networks that compose note by note."""
SYMBOL_KINDS: MappingProxyType[str, Callable[[Bundle, str, Backend], SymbolPredictor]] = (
    MappingProxyType({window.KIND: window.WindowPredictor, noise.KIND: noise.NoisePredictor})
)
"""Networks that compose symbol by symbol."""
STEP_KINDS: MappingProxyType[str, Callable[[Bundle, str, Backend], SymbolPredictor]] = (
    MappingProxyType({window.KIND: partial(window.WindowPredictor, stepwise=True)})
)
"""Those of them that may have a second form: it carries its state from symbol to symbol."""
KINDS = (*NOTE_KINDS, *SYMBOL_KINDS)


def load_predictor(
    bundle: Bundle,
    variant: str | None = None,
    *,
    fallback: bool = True,
    library: str = LIBRARY,
    stepwise: bool = False,
) -> AnyPredictor:
    """The network of ``bundle``, ready to compose.

    Args:
        bundle: where it is.
        variant: numeric form to run, one of ``VARIANTS``; ``None`` for the bundle's default.
        fallback: whether the processor takes over when ``edgetpu`` cannot run, or no longer can.
        library: name or path of the library that drives an Edge TPU.
        stepwise: whether a network of kind ``window`` carries its state from symbol to symbol
            instead of reading its window again.

    Raises:
        InputError: the bundle has no such variant, or ``stepwise`` and its kind no second form.
        BundleError: the kind of network is unknown, its parts do not fit together, or no runtime
            is installed.
        AcceleratorError: there is no Edge TPU for ``edgetpu``, and ``fallback`` is not allowed or
            the bundle has nothing to fall back on.
    """
    kind = _kind(bundle)
    if stepwise and kind not in STEP_KINDS:
        raise InputError(
            f"{bundle.path}: its network, of kind {kind}, cannot go stepwise; only kind "
            f"{', '.join(STEP_KINDS)} can: leave out --stepwise"
        )
    if kind in NOTE_KINDS:
        return load_note_predictor(bundle, variant, fallback=fallback, library=library)
    chosen = chosen_variant(bundle, variant)
    backend = _backend(bundle, chosen, fallback=fallback, library=library)
    return (STEP_KINDS if stepwise else SYMBOL_KINDS)[kind](bundle, chosen, backend)


def load_note_predictor(
    bundle: Bundle, variant: str | None = None, *, fallback: bool = True, library: str = LIBRARY
) -> Predictor:
    """The network of ``bundle``, which must compose note by note; else as ``load_predictor``.

    Raises:
        BundleError: it composes in another way.
        PlaybachError: as ``load_predictor``.
    """
    kind = _kind(bundle)
    if kind not in NOTE_KINDS:
        raise BundleError(
            f"{bundle.path}: its network, of kind {kind}, composes symbol by symbol, not note by "
            f"note; name a bundle of kind {', '.join(NOTE_KINDS)}"
        )
    version = bundle.manifest.encoding.version
    if version != ENCODING_VERSION:
        raise BundleError(
            f"{bundle.path}: made for version {version} of the encoding, and this playbach reads "
            f"version {ENCODING_VERSION}; update playbach, or make the bundle again"
        )
    chosen = chosen_variant(bundle, variant)
    backend = _backend(bundle, chosen, fallback=fallback, library=library)
    return NOTE_KINDS[kind](bundle, chosen, backend)


def _kind(bundle: Bundle) -> str:
    kind = bundle.manifest.network.kind
    if kind in KINDS:
        return kind
    raise BundleError(
        f"{bundle.path}: made for a network of kind {kind!r}, which this version does not know "
        f"(it knows {', '.join(KINDS)}); update playbach"
    )


def chosen_variant(bundle: Bundle, wanted: str | None) -> str:
    """The variant that is wanted; the bundle's default if none is.

    Raises:
        InputError: the bundle has no such variant.
    """
    manifest = bundle.manifest
    chosen = manifest.default_variant if wanted is None else wanted
    if chosen in manifest.variants:
        return chosen
    raise InputError(
        f"variant {chosen[:20]!r}: {bundle.path} has {', '.join(manifest.variants)}; choose one of "
        "these"
    )


def _backend(bundle: Bundle, variant: str, *, fallback: bool, library: str) -> Backend:
    if variant == COMPILED:
        return EdgeTpu(bundle, fallback=fallback, library=library)
    return Cpu(variant)
