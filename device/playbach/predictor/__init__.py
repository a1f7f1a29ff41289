"""One step of the network at a time: state in, distributions out."""

from playbach.predictor.base import Predictor, Probabilities, Recalling
from playbach.predictor.load import load_predictor

__all__ = ["Predictor", "Probabilities", "Recalling", "load_predictor"]
