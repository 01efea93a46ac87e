"""A day of history, played through the real path on one machine: 20 October 2025, when AWS us-east-1 failed.

``story`` says what was published when, ``pages`` serves it over HTTP in each provider's own format, ``cast`` is what people did,
``conductor`` moves the clock from due time to due time.
"""
