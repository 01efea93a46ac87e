"""What is counted over the life of the process."""

from __future__ import annotations


class Observed:
    """Observations since the process began to be asked: the log is added up once, from where the last answer ended."""

    def __init__(self) -> None:
        self.position: int | None = None
        self.total = 0

    def add(self, count: int, position: int) -> int:
        """Count what the log has got since, up to ``position``; the total."""
        if self.position is None or position > self.position:
            self.total += count
            self.position = position
        return self.total
