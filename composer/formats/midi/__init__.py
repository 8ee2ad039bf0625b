"""MIDI files: read without loss, written for every DAW, and changed in some bars of some tracks."""
