"""Logs go to standard error: lines for people on a terminal, JSON for machines elsewhere. Standard output is for data."""

from __future__ import annotations

import sys

import structlog


def configure() -> None:
    """Set it up for this process."""
    rendered = structlog.dev.ConsoleRenderer() if sys.stderr.isatty() else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            rendered,
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
