"""Each step of a piece with its files: read, run the stage, write the outputs and the record."""
