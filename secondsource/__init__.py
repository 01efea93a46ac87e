"""Second Source: an event-driven vendor-risk and supply-chain monitor."""

__version__ = "0.1.0"
