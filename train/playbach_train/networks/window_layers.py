"""What the layers of a network that reads windows have to offer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from playbach_train.checkpoint import Arrays
from playbach_train.networks.architecture import GraphForm


class WindowLayers(Protocol):
    """What a network that reads windows is made of, in Keras and on the board."""

    def model(self, sizes: Any, parts: Mapping[str, int]) -> Any:
        """The Keras model, windows to logits, by part.

        Args:
            sizes: the section ``network`` of its configuration.
            parts: of a symbol, with how many members each has.
        """

    def weights(self, model: Any, sizes: Any) -> Arrays:
        """What the graphs read, from a trained model."""

    def forms(self, sizes: Any, parts: Mapping[str, int]) -> Mapping[str, GraphForm]:
        """The graphs by role; the first is ``window``, the network's own form."""
