"""From a predictor's answers to a stream of movements."""
