"""Pieces to numbers: one module for each family of measures, the hard gates, and what real tunes measure."""
