"""Brief -> draft: plan, harmony, melody, accompaniment, expression. Knows models only by their protocol."""
