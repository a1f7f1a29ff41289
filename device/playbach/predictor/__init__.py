"""One step of the network at a time: what has been played in, distributions out."""

from playbach.predictor.base import (
    AnyPredictor,
    Predictor,
    Probabilities,
    Recalling,
    SymbolPredictor,
)
from playbach.predictor.load import chosen_variant, load_note_predictor, load_predictor

__all__ = [
    "AnyPredictor",
    "Predictor",
    "Probabilities",
    "Recalling",
    "SymbolPredictor",
    "chosen_variant",
    "load_note_predictor",
    "load_predictor",
]
