"""Processes: one thin module each, and the one place where their parts are put together."""
