"""Source formats, one module each. A module here is found by its name; nothing else has to be told of it."""
