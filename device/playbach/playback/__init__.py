"""From a stream of movements to messages that a sink plays on time."""
