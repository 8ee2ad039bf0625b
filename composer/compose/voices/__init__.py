"""Bass line and voicing: one chord after another, by Viterbi."""
