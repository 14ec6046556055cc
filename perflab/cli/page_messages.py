"""`PageMessages`: what a page may send to its kernel, taken only where it is a whole message."""

from __future__ import annotations

from typing import Any

from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection

_FRAMED = "v1.kernel.websocket.jupyter.org"
_MOST_PARTS = 10_000
"""Of a message; the largest of a panel has some dozens."""


class PageMessages(ZMQChannelsWebsocketConnection):
    """Drops malformed messages, in the place of jupyter_server.

    That believes how many parts a binary message says it has, and a page that says many holds up
    the server, and with it the pages of all others.
    """

    def handle_incoming_message(self, incoming_msg: Any) -> None:
        """Hand a message on to the kernel, if it is one of the kinds that are allowed."""
        framed = self.subprotocol == _FRAMED
        if (framed or isinstance(incoming_msg, bytes)) and not is_whole(incoming_msg, framed):
            self.log.debug("dropped a malformed message of a page")
            return
        try:
            super().handle_incoming_message(incoming_msg)
        except Exception as error:
            self.log.debug("dropped a malformed message of a page", exc_info=error)


def is_whole(message: object, framed: bool) -> bool:
    """Say whether a binary message holds as many places of parts as it says.

    Args:
        message: As it came.
        framed: Whether it is of version 1 of the protocol: numbers of 8 bytes, the lowest first;
            else they have 4, the highest first.
    """
    if not isinstance(message, bytes):
        return False
    size = 8 if framed else 4
    count = int.from_bytes(message[:size], "little" if framed else "big")
    return 0 < count <= _MOST_PARTS and size * (count + 1) <= len(message)
