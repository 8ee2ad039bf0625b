"""Two versions of a piece side by side: what was added, removed, moved and changed."""
