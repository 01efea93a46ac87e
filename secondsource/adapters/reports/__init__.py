"""Papers: what is read for one, how it is laid out, and what it is written as."""
