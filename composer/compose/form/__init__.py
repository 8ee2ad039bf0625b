"""What a piece is before it has notes: phrases, how they close, what returns, and what each bar aims at."""
