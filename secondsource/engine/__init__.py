"""Drives rules: routes observations to them by key, keeps their state, and wakes them when they asked to be woken."""
