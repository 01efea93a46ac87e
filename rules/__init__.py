"""Rules: one file each, found by their module's name. A rule is a pure step function; see ``secondsource.contracts.rule``."""
