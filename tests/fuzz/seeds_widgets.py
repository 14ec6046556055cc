"""Messages of a browser: those that its widgets send, one a line."""

from __future__ import annotations

import json


def update(widget: int, state: object, **more: object) -> bytes:
    """Return a message that changes a widget's state."""
    data = {"method": "update", "state": state, "buffer_paths": [], **more}
    return json.dumps({"widget": widget, "data": data}).encode()


def click(widget: int) -> bytes:
    """Return a message that presses a button."""
    data = {"method": "custom", "content": {"event": "click"}}
    return json.dumps({"widget": widget, "data": data}).encode()


UPLOAD = {"name": "a.csv", "type": "text/csv", "size": 8, "last_modified": 1, "content": "x"}

SEEDS = {
    f"panel_{pattern}": [
        b"\n".join([update(9, {"value": 20}), update(11, {"index": 1}), click(3)]),
        b"\n".join([update(40, {"value": "10k"}), update(80, {"value": "hit_rate<0.8 for 5s"})]),
        b"\n".join([update(17, {"value": True}), update(5, {"value": "<script>x</script>"})]),
        update(25, {"value": [UPLOAD]}, buffer_paths=[["value", 0, "content"]]),
        b'{"widget": 30, "data": {"method": "request_state"}}',
        b'{"widget": 30, "data": {"method": "update", "state": {"value": NaN}}}',
    ]
    for pattern in (
        "async_io",
        "cache",
        "connection_pool",
        "lazy_loading",
        "prefetching",
        "redis_cache",
        "streaming",
    )
}
