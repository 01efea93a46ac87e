"""Errors that a user can do something about."""

from __future__ import annotations


class UserError(Exception):
    """One clear sentence for the person at the keyboard: what is wrong, where, and what to do. No traceback is shown."""

    exit_code = 2
