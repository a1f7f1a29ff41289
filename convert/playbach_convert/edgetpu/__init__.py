"""Getting the full-int8 graphs onto Google's Edge TPU: which operations map, and compiling them."""
