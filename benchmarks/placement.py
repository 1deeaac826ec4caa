"""Which CPUs the server and the clients run on.

Left to itself, a scheduler puts a client that waits for a server on the same CPU as that
server in one minute and on another CPU in the next. Waking a sleeping CPU costs more
than a small request does, and the kernel's part of that is charged to the client:
the blocking floor has been seen at 10 us with the CPU shared and at 30 to 50 us apart.

Processes inherit the placement of the one that starts them, so it is set here, in
turn, around starting the server and the workers.
"""

import os
import sys

PLACEMENTS = {
    "free": "the scheduler's choice, as for users",
    "same": "server and client share one CPU: the steadiest",
    "apart": "the server has one CPU, the client the others",
}


class Placement:
    """Call `for_server` before the server is started, `for_clients` before them."""

    def __init__(self, name: str) -> None:
        self._server: set[int] = set()
        self._clients: set[int] = set()
        if name == "free":
            return
        if sys.platform != "linux":
            raise ValueError(f"--cpus {name} needs Linux")

        first, *others = sorted(os.sched_getaffinity(0))
        if name == "apart" and not others:
            raise ValueError("--cpus apart needs two CPUs")
        self._server = {first}
        self._clients = {first} if name == "same" else set(others)

    def for_server(self) -> None:
        self._take(self._server)

    def for_clients(self) -> None:
        self._take(self._clients)

    def _take(self, cpus: set[int]) -> None:
        if cpus and sys.platform == "linux":
            os.sched_setaffinity(0, cpus)
