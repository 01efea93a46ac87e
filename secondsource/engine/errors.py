"""What can go wrong in a rule, told apart from what can go wrong around it."""

from __future__ import annotations


class RuleError(Exception):
    """A rule broke its contract or raised. The batch that caused it is the poison, not the stream."""

    def __init__(self, rule: str, key: str, reason: str) -> None:
        super().__init__(f"rule {rule}, key {key!r}: {reason}")
        self.rule = rule
        self.key = key
