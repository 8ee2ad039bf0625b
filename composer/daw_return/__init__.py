"""A file back from a DAW, put back into the piece that it came from."""
