"""What every plug-in of a kind must do, as checks that its author runs."""
