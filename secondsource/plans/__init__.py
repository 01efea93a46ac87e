"""Runbooks, contingency plans and drills: what is done when a finding opens, by whom, and how that is known to work.

Files are data (``schema``, ``load``, ``lint``); a run of one is a pure state machine (``run``, ``interpreter``).
"""
