"""httpcore._backends.base: the connection's bytes."""

from hookline.compat._core_pools import AsyncNetworkStream, NetworkStream

__all__ = ["AsyncNetworkStream", "NetworkStream"]
