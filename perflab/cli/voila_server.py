"""`serve`: a notebook as a page, by Voilà, with nothing that comes from or goes elsewhere."""

from __future__ import annotations

import os
import secrets
import socket
import webbrowser
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path

from perflab.cli.lab import MESSAGE_BYTES
from perflab.errors import BadInputError

_JUPYTER = Path(__file__).resolve().parent / "jupyter"
_EVERYWHERE = ("", "0.0.0.0", "::")  # noqa: S104  (compared with, not listened on)
_IDLE_SECONDS = 600
"""A kernel whose page is gone is ended after so long."""
_PING_MILLISECONDS = 30_000
"""How long a page may take to answer a ping; tornado takes no more than what is between two."""

POLICY = (
    "default-src 'self'; "
    "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; "
    "style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; "
    "font-src 'self' data:; "
    "connect-src 'self'; "
    "object-src 'none'; "
    "base-uri 'none'; "
    "form-action 'self'; "
    "frame-ancestors 'self'"
)
"""A page of Voilà builds its scripts itself; what it loads comes from its own server."""

_SETTINGS = {
    "VoilaConfiguration": {
        "template": "perflab",
        "allow_template_override": "NO",
        "allow_theme_override": "NO",
        "strip_sources": True,
        "show_tracebacks": False,
        "file_allowlist": [],
        "extension_allowlist": [
            "@jupyter-widgets/jupyterlab-manager",
            "@voila-dashboards/widgets-manager8",
            "anywidget",
        ],
    },
    "MappingKernelManager": {"cull_interval": 60, "cull_idle_timeout": _IDLE_SECONDS},
    "ZMQChannelsWebsocketConnection": {
        "iopub_data_rate_limit": MESSAGE_BYTES,
        "iopub_msg_rate_limit": 10000,
    },
}


def serve(
    notebook: Path,
    kernels: Path,
    ip: str,
    port: int,
    *,
    browser: bool,
    tell: Callable[[str], None],
) -> None:
    """Serve a notebook until Ctrl-C or SIGTERM; each page has a kernel, all of which end with it.

    A page gets widgets' messages through to its kernel, and no code. No configuration of Voilà's
    is read, neither the user's nor that of the working folder.

    Args:
        notebook: Alone in a folder of its own, from which files are served.
        kernels: A folder for what says how to reach the kernels; it is not served.
        ip: Where to listen.
        port: A free one.
        browser: Whether to open the page.
        tell: Called with the address, once it answers.

    Raises:
        BadInputError: If another program has begun to listen there.
    """
    before = os.environ.get("JUPYTER_PATH")
    os.environ["JUPYTER_PATH"] = os.pathsep.join(filter(None, (str(_JUPYTER), before)))
    from traitlets.config import Config
    from voila.app import Voila

    from perflab.cli.page_messages import PageMessages

    token = secrets.token_hex(24)
    address = f"{origin(ip, port)}/?token={token}"

    class Server(Voila):  # type: ignore[misc]  # it has no types
        """Says the address with its token, and opens that."""

        def launch_browser(self) -> None:
            if not _is_loopback(ip):
                tell("anyone who has this address can use the panel; it is not encrypted")
            tell(f"the panel is at {address}")
            tell("Ctrl-C ends it")
            if browser:
                webbrowser.open(address)

    headers = {"Content-Security-Policy": POLICY, "Referrer-Policy": "no-referrer"}
    server = Server(
        config=Config(_SETTINGS),
        config_file_paths=[],
        connection_dir_root=str(kernels),
        kernel_websocket_connection_class=PageMessages,
        ip=ip,
        port=port,
        port_retries=0,
        token=token,
        log_level="WARN",
        tornado_settings={
            "headers": headers,
            "websocket_max_message_size": MESSAGE_BYTES,
            "ws_ping_timeout": _PING_MILLISECONDS,
        },
    )
    server.initialize([str(notebook)])
    try:
        server.start()
    except SystemExit:  # which is how it says that it cannot listen
        place = f"{ip}:{port}"
        raise BadInputError(
            "nothing can listen there any more; name another --port", place
        ) from None


def origin(ip: str, port: int) -> str:
    """Return the address of a server, as another machine can name it where it listens for them."""
    host = socket.gethostname() if ip in _EVERYWHERE else ip
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _is_loopback(ip: str) -> bool:
    try:
        return ip_address(ip).is_loopback
    except ValueError:
        return ip == "localhost"
