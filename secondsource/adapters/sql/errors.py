"""Errors of the store that its user can do something about."""

from __future__ import annotations

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from secondsource.domain.errors import UserError

UNAVAILABLE: tuple[type[Exception], ...] = (OperationalError, InterfaceError, PoolTimeout)
"""What a statement raises where the store can not be used just now: locked, full, gone. It may pass."""


class StoreError(UserError):
    """The database can not be used: where it is, and why."""
