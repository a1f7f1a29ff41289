"""The measurements there are: one row each. A module of this package takes each of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Measurement:
    """What a module of the bench measures.

    Attributes:
        about: in a few words, as a heading.
        options: which of the bench's options it takes, without dashes.
        asks: what it takes beyond a minute or two; ``""`` if it is measured without being named.
    """

    about: str
    options: tuple[str, ...] = ("bundle",)
    asks: str = ""


MEASUREMENTS: Mapping[str, Measurement] = MappingProxyType(
    {
        "bits": Measurement(
            "Bits per note on movements held out", ("midi",), "half an hour; trains five networks"
        ),
        "note": Measurement("Time for one note"),
        "save": Measurement("Saving music"),
        "start": Measurement("From the start to the first note, and memory"),
        "playing": Measurement("What playing takes"),
        "onset": Measurement("Onset error over JACK", ()),
        "kernel_queue": Measurement(
            "Onset error through the kernel's queue", (),
            "some minutes; boots a virtual machine, as root",
        ),
        "control": Measurement("From a change to the first note it shapes"),
        "web": Measurement("What the page takes"),
        "soak": Measurement("Memory over a million notes", ("bundle",), "a quarter of an hour"),
        "loops": Measurement("Whether the music goes round in circles"),
        "train": Measurement("Training", ()),
    }
)  # fmt: skip
"""By name of the module, in the order in which the documents list them."""
