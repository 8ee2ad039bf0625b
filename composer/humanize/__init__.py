"""Humanizing: how notes on the grid are played, as a layer that can be taken off again."""
