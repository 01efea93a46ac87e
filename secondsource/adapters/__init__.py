"""Drivers: HTTP, SQL, mail, Slack, clocks and plug-ins, each behind a port."""
