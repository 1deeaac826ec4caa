"""The version of every hookline distribution: they move together."""

__version__ = "0.1.0"
