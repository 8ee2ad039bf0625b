"""What is due in a piece: its stages, what was asked for, what became of each file and why."""
