"""The configuration file and the catalog: their form, what must hold between their parts, and the values made of them.

``load`` reads a file into :class:`~secondsource.settings.settings.Settings`, ``catalog`` the vendors that everybody shares. What
plug-ins there are is handed in as :class:`~secondsource.settings.known.Known`.
"""
