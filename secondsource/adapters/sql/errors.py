"""Errors of the store that its user can do something about."""

from __future__ import annotations

from secondsource.domain.errors import UserError


class StoreError(UserError):
    """The database can not be used: where it is, and why."""
