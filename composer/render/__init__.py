"""MIDI to audio: soundfonts, synthesizers, loudness, mastering."""
