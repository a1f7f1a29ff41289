"""One step of the network at a time: what has been played in, distributions out."""

from playbach.predictor.base import (
    AnyPredictor,
    Predictor,
    Probabilities,
    Recalling,
    Restore,
    SymbolPredictor,
)
from playbach.predictor.load import chosen_variant, load_note_predictor, load_predictor

__all__ = [
    "AnyPredictor",
    "Predictor",
    "Probabilities",
    "Recalling",
    "Restore",
    "SymbolPredictor",
    "chosen_variant",
    "load_note_predictor",
    "load_predictor",
]
