"""What the settings of all patterns share; those of one pattern are in its own folder."""

from perflab.lazily import names_of
from perflab.settings.base import SettingInfo, Settings, SettingValues, setting
from perflab.settings.http_server import LATENCY_SHAPES, HttpServerSettings
from perflab.settings.load import LoadSettings

__all__ = [
    "LATENCY_SHAPES",
    "HttpServerSettings",
    "LoadSettings",
    "SettingInfo",
    "SettingValues",
    "Settings",
    "setting",
]

__getattr__, __dir__ = names_of(
    __name__,
    {},
    old={
        "AsyncIOSettings": "perflab.patterns.async_io",
        "BadInputError": "perflab",
        "CacheSettings": "perflab",
        "ConnectionPoolSettings": "perflab.patterns.connection_pool",
        "LazyLoadingSettings": "perflab.patterns.lazy_loading",
        "PrefetchingSettings": "perflab.patterns.prefetching",
        "RedisCacheSettings": "perflab.patterns.redis_cache",
        "StreamingSettings": "perflab.patterns.streaming",
        "format_quantity": "perflab.units",
        "is_none_word": "perflab.units",
        "parse_quantity": "perflab.units",
    },
)
