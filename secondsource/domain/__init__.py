"""Pure values: what was observed, what it means, whom it hurts. No I/O, no clock, nothing of a framework."""
