"""Chords for a plan, or for a tune that is given."""
