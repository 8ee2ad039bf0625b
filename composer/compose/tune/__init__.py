"""The melody: what the plan and the rules allow at every place, and the search for a good line in it."""
