"""One step of the network at a time: state in, distributions out."""

from playbach.predictor.base import Predictor, Probabilities
from playbach.predictor.load import load_predictor

__all__ = ["Predictor", "Probabilities", "load_predictor"]
