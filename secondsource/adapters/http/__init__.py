"""HTTP to hosts that are not trusted: checked addresses, bounded time and size, credentials that stay home."""
