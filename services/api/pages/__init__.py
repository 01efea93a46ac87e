"""What people look at: pages made on the server, which read without script."""
