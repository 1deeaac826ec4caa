"""Transports: request in, response out."""
