"""The three extension points: connector, rule, sender."""
