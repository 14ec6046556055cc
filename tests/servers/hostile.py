"""Servers on loopback or a unix socket that do not answer as they should."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

Serve = Callable[[socket.socket], None]


@contextlib.contextmanager
def serving(
    serve: Serve, path: Path | None = None, host: str = "127.0.0.1", port: int = 0
) -> Iterator[str]:
    """Serve every connection in a thread; the address is ``host:port``, or the path."""
    listener = socket.socket(socket.AF_UNIX if path else socket.AF_INET)
    listener.bind(str(path) if path else (host, port))
    listener.listen(64)
    ended = threading.Event()

    def one(peer: socket.socket) -> None:
        with peer, contextlib.suppress(OSError):
            peer.settimeout(30)
            serve(peer)

    def accept() -> None:
        while not ended.is_set():
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=one, args=(peer,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield str(path) if path else f"{host}:{listener.getsockname()[1]}"
    finally:
        ended.set()
        # A thread in accept holds the socket until somebody calls.
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def says(data: bytes, *, then_close: bool = False) -> Serve:
    """Answer everything by the same bytes, and close or go on."""

    def serve(peer: socket.socket) -> None:
        while peer.recv(1 << 16):
            peer.sendall(data)
            if then_close:
                return

    return serve


def drips(head: bytes, drop: bytes, seconds: float = 0.03) -> Serve:
    """Answer by a head, then by a drop now and then, without end."""

    def serve(peer: socket.socket) -> None:
        peer.recv(1 << 16)
        peer.sendall(head)
        while True:
            time.sleep(seconds)
            peer.sendall(drop)

    return serve


def pours(head: bytes, block: bytes) -> Serve:
    """Answer by a head, then as much as the reader takes."""

    def serve(peer: socket.socket) -> None:
        peer.recv(1 << 16)
        peer.sendall(head)
        while True:
            peer.sendall(block)

    return serve


def silent(peer: socket.socket) -> None:
    """Read and say nothing."""
    while peer.recv(1 << 16):
        pass


def first_speaks(data: bytes) -> Serve:
    """Speak before being spoken to, as SSH does."""

    def serve(peer: socket.socket) -> None:
        peer.sendall(data)
        silent(peer)

    return serve


@contextlib.contextmanager
def changing(upstream: Path, path: Path, change: Callable[[bytes], bytes]) -> Iterator[str]:
    """Pass a real server's conversation on, its answers changed."""
    with between(upstream, path, lambda _: "answers", change) as address:
        yield address


@contextlib.contextmanager
def between(
    upstream: Path,
    path: Path,
    becomes: Callable[[bytes], str],
    change: Callable[[bytes], bytes] = lambda data: data,
) -> Iterator[str]:
    """Pass a real server's conversation on, as long as that is what becomes of a request.

    It ``answers``, or is ``unanswered`` as all that follow on that connection, though the server
    gets it; or it is ``lost``.
    """

    def serve(peer: socket.socket) -> None:
        heard = threading.Event()
        with socket.socket(socket.AF_UNIX) as real:
            real.connect(str(upstream))

            def back() -> None:
                with contextlib.suppress(OSError):
                    while data := real.recv(1 << 16):
                        if not heard.is_set():
                            peer.sendall(change(data))
                    peer.shutdown(socket.SHUT_RDWR)

            threading.Thread(target=back, daemon=True).start()
            while data := peer.recv(1 << 16):
                what = becomes(data)
                if what == "unanswered":
                    heard.set()
                if what != "lost":
                    real.sendall(data)

    with serving(serve, path) as address:
        yield address
