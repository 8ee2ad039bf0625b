"""What a melody model sees and says: the token tables shared by training data, models and composing."""
