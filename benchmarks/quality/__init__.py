"""How good detection is, on recorded history: ``make quality`` writes the figures into ``docs/detection-quality.md``."""
