"""``composer generate`` with its files: modes, takes, and what stands in a file that is there."""
