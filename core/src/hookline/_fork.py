"""What a process that `os.fork` has made must not share with its parent, and who sees to it.

Knows whom to call in such a child, and which locks nobody may hold at that moment. What each of
them does then is its own business: a pool lets go of its parent's connections, whoever has a lock
makes a new one. Nothing here runs while a request is on its way.

The rules it lives by:

- A child closes its copies of its parent's sockets, and does nothing else with them: no byte, no
  shutdown, nothing that the parent's event loop or its peer could notice.
- A child has one thread. Locks that another one held stay locked for ever, so that they are
  replaced, never waited for.
- What another thread is in the middle of importing can never be imported in the child. So what
  every request needs is loaded before a fork, and a fork waits for whatever else of ours, or of the
  standard library, is being imported. Imports of others are left alone: a whole program may run
  within one.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, TypeVar
from weakref import ref

from ._errors import ReadError, WriteError
from .plugins.interfaces import Buffer, NetworkStream

T = TypeVar("T")

# How many forks lie between this process and the one that first made a pool.
generation = 0

# How long a fork waits for a guarded lock, in seconds: what is done under one takes a tenth of it.
# Longer than that, the lock is held by who forks, or by something that is stuck.
_PATIENCE = 1.0

# What first requests load, each of its own accord: the codec that `getaddrinfo` looks for, sockets,
# cookies, TLS. Those on the right for programs that have what is on the left.
_LATE = {
    "hookline": (
        "encodings.idna",
        "hookline._backends.sync",
        "hookline._cookiejar",
        "hookline._tls_stream",
        "hookline._tls_errors",
    ),
    "asyncio": ("hookline._backends.asyncio",),
    "anyio": ("hookline._backends.anyio",),
}

# What functions of ours import besides our own modules and the standard library's.
_BORROWED = {"certifi", "idna"}


class _Watch(ref[Any]):
    """An owner, by identity, and what is called with it."""

    __slots__ = ("function",)

    function: Callable[[Any], None]
    __eq__ = object.__eq__
    __hash__ = object.__hash__


# In the order in which they came.
_watched: dict[_Watch, None] = {}
_guarded: list[tuple[dict[str, Any], str]] = []
# By thread: two may fork at once.
_held: dict[int, list[threading.Lock]] = {}
_is_registered = False
_register_lock = threading.Lock()


def after_fork(owner: T, function: Callable[[T], None]) -> None:
    """Have `function(owner)` called in every child process that `os.fork` makes, as long as `owner`
    lives. It is held weakly.

    For whoever holds a lock, or something else that two processes must not share. In the child no
    other thread runs, and a lock that one of them held stays locked: replace it, never wait for it.
    """
    _register()
    # Of C: owners are collected at any moment, and may cost whoever is there no frame.
    watch = _Watch(owner, _watched.pop)
    watch.function = function
    _watched[watch] = None


def guard_lock(namespace: dict[str, Any], name: str) -> None:
    """Have nobody hold a module's lock while the process forks; a child gets a new one.

    For locks under which modules are imported, or something takes so long that another thread may
    well be at it.
    """
    _register()
    _guarded.append((namespace, name))


def disown(stream: NetworkStream) -> NetworkStream:
    """What takes the place of a stream that is the parent's. Its descriptor is closed here, which
    the peer does not notice while the parent has its own."""
    from socket import socket

    sock = stream.get_extra_info("socket")
    if isinstance(sock, socket):
        sock.close()
        if sock.fileno() != -1:
            # An event loop (uvloop) has asked it to stay open.
            os.close(sock.detach())
    # Finalisers may do more than close: none of them is to run here.
    _inherited.append(stream)
    return InheritedStream()


_inherited: list[NetworkStream] = []


class InheritedStream(NetworkStream):
    """A stream that belongs to the process that this one was forked from."""

    __slots__ = ()

    async def receive(self, timeout: float | None) -> bytes:
        raise ReadError(_INHERITED)

    def write(self, data: Buffer) -> bool:
        raise WriteError(_INHERITED)

    async def writable(self, timeout: float | None) -> None:
        raise WriteError(_INHERITED)

    def close(self) -> None:
        pass

    def has_input(self) -> bool:
        return True


_INHERITED = (
    "This connection belongs to the process that this one was forked from, and cannot be used "
    "here. Make the request again in this process."
)


# -- Around a fork --------------------------------------------------------------------------


def _register() -> None:
    global _is_registered
    if _is_registered:
        return
    with _register_lock:
        if not _is_registered and hasattr(os, "register_at_fork"):
            os.register_at_fork(
                before=_before, after_in_parent=_in_parent, after_in_child=_in_child
            )
        _is_registered = True


def _before() -> None:
    from importlib import import_module

    for known, names in _LATE.items():
        for name in names:
            if known in sys.modules and name not in sys.modules:
                with suppress(ImportError):
                    import_module(name)
    held = _held[threading.get_ident()] = []
    for namespace, name in _guarded:
        lock: threading.Lock = namespace[name]
        if lock.acquire(timeout=_PATIENCE):
            held.append(lock)
    # By looking again and again: who imports may wait for a lock that is held here.
    give_up = time.monotonic() + _PATIENCE
    while any(_imports_elsewhere()) and time.monotonic() < give_up:
        time.sleep(0.001)


def _imports_elsewhere() -> Iterator[str]:
    """What other threads are importing, as far as a request may need it.

    Where Python keeps the locks of such modules is its own affair. Without them nothing is found.
    """
    locks = getattr(sys.modules.get("_frozen_importlib"), "_module_locks", {})
    here = threading.get_ident()
    for name, reference in list(locks.items()):
        root = name.partition(".")[0]
        if root.startswith("hookline") or root in _BORROWED or root in sys.stdlib_module_names:
            lock = reference()
            if lock is not None and lock.owner != here:
                yield name


def _in_parent() -> None:
    for lock in _held.pop(threading.get_ident(), ()):
        lock.release()


def _in_child() -> None:
    global generation, _register_lock
    generation += 1
    _register_lock = threading.Lock()
    _held.clear()
    for namespace, name in _guarded:
        namespace[name] = threading.Lock()
    failure: Exception | None = None
    for watch in list(_watched):
        owner = watch()
        if owner is not None:
            try:
                watch.function(owner)
            except Exception as exc:
                failure = exc
    if failure is not None:
        # Python reports it as it does for every function that is called at a fork.
        raise failure
