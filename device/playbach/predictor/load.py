"""From a bundle to a predictor: one row for each kind of network."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType

from playbach.bundle import Bundle
from playbach.errors import BundleError, InputError
from playbach.music.encoding import ENCODING_VERSION
from playbach.predictor import lstm_copy
from playbach.predictor.base import Predictor
from playbach.predictor.delegate import LIBRARY
from playbach.predictor.fallback import COMPILED, EdgeTpu
from playbach.predictor.opener import Cpu, Opener

KINDS: MappingProxyType[str, Callable[[Bundle, str, Opener], Predictor]] = MappingProxyType(
    {lstm_copy.KIND: lstm_copy.LstmCopyPredictor}
)


def load_predictor(
    bundle: Bundle, variant: str | None = None, *, fallback: bool = True, library: str = LIBRARY
) -> Predictor:
    """The network of ``bundle``, ready to compose.

    Args:
        bundle: where it is.
        variant: numeric form to run; ``None`` for the bundle's default.
        fallback: whether the processor takes over when ``edgetpu`` cannot run, or no longer.
        library: name or path of the library that drives an Edge TPU.

    Raises:
        InputError: the bundle has no such variant.
        BundleError: the kind of network is unknown, or its parts do not fit together.
        AcceleratorError: there is no Edge TPU for ``edgetpu``, and ``fallback`` is not allowed or
            the bundle has nothing to fall back on.
    """
    manifest = bundle.manifest
    chosen = manifest.default_variant if variant is None else variant
    if chosen not in manifest.variants:
        raise InputError(
            f"variant {chosen[:20]!r}: {bundle.path} has {', '.join(manifest.variants)}"
        )
    kind = manifest.network.kind
    if kind not in KINDS:
        raise BundleError(
            f"{bundle.path}: made for a network {kind!r}, which this version does not know "
            f"(it knows {', '.join(KINDS)}); update playbach"
        )
    version = manifest.encoding.version
    if version != ENCODING_VERSION:
        raise BundleError(
            f"{bundle.path}: made for version {version} of the encoding, this is "
            f"{ENCODING_VERSION}; update playbach, or make the bundle again"
        )
    opener: Opener = Cpu(chosen)
    if chosen == COMPILED:
        opener = EdgeTpu(bundle, fallback=fallback, library=library)
    return KINDS[kind](bundle, chosen, opener)
