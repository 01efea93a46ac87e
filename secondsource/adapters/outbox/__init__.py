"""From the outbox to the senders: the delivery machine and the dispatcher that drives it."""
