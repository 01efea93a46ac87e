"""What a price is, when it has moved, and what a move does to the bill."""
