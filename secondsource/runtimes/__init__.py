"""Ways to run the same engine: embedded in one process, and in replay over a recorded log."""
