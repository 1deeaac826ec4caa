"""Signals that interrupt no system call are noticed all the same, by whatever `Client` waits for.

Such is one that arrives between Python's last look and the call itself. That moment cannot be hit
on purpose; a signal that another thread receives is no different for the thread that waits.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from textwrap import dedent

import pytest

# The main thread waits; a second one gets the signal, when the main one has begun to.
PROGRAM = """
    import signal, socket, sys, threading, time
    import hookline
    from hookline._backends import sync
    from hookline._drive import drive
    from hookline._timeout import Deadline

    signal.signal(signal.SIGINT, signal.default_int_handler)
    ours, peer = socket.socketpair()
    ours.setblocking(False)
    stream = sync.SyncStream(ours)
    while stream.write(bytes(65536)):
        pass
    backend = sync.SyncBackend()
    waits = {
        "receive": lambda: stream.receive(None),
        "receive within weeks": lambda: stream.receive(3_000_000),
        "writable": lambda: stream.writable(None),
        "waiter": lambda: backend.create_waiter().wait(None),
        "waiter within weeks": lambda: backend.create_waiter().wait(3_000_000),
        "sleep": lambda: backend.sleep(3_000_000),
        "look-up": lambda: backend.look_up("here.test", 80, Deadline(3_000_000)),
    }
    socket.getaddrinfo = lambda *_, **__: threading.Event().wait()
    main = threading.main_thread().ident

    def interrupt():
        # Until the main thread is in the very wait: its innermost frame of Python is the backend's.
        # (One of `threading` above it waits for a name.)
        while True:
            frame = sys._current_frames()[main]
            while frame is not None and frame.f_code.co_filename == threading.__file__:
                frame = frame.f_back
            if frame is not None and frame.f_code.co_filename == sync.__file__:
                break
            time.sleep(0.001)
        signal.pthread_kill(threading.get_ident(), signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    with ours, peer:
        try:
            drive(waits[sys.argv[1]]())
        except KeyboardInterrupt:
            print("interrupted")
"""


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="no signals for threads")
@pytest.mark.parametrize(
    "wait",
    [
        "receive",
        "receive within weeks",
        "writable",
        "waiter",
        "waiter within weeks",
        "sleep",
        "look-up",
    ],
)
def test_signal_that_interrupts_no_system_call_is_noticed(wait: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", dedent(PROGRAM), wait],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "interrupted\n"
