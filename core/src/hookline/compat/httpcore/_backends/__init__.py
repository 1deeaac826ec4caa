"""httpcore._backends: what is below a connection."""
