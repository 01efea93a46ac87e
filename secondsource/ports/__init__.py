"""What the runtimes need of the outside world, as protocols; the adapters fill them."""
