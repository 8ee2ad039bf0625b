"""The types that cross borders, and the theory over them. Standard library and numpy only."""
