"""The version of every hookline distribution: they move together; and what to call it."""

__title__ = "hookline"
__description__ = "An HTTP client for Python that you can take apart."
__version__ = "0.1.0"
