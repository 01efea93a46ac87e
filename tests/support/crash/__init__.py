"""A process that is killed: what it runs, and what is left of it afterwards."""
