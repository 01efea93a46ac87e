"""What programs talk to: JSON in, JSON out, problems as RFC 9457 says."""
