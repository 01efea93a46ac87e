"""Stand-ins for outside services, on loopback: they check what the real ones check, answer as they do, and fail on demand."""
