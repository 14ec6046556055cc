"""One frozen settings class a pattern: bounds, unit, default and meaning of each key."""

from perflab.errors import BadInputError, BrokenLimitError, nearest
from perflab.settings.async_io import (
    LIMIT_MODES,
    LOAD_MODELS,
    AsyncIORunSettings,
    AsyncIOSettings,
)
from perflab.settings.base import SettingInfo, Settings, setting
from perflab.settings.cache import CacheSettings
from perflab.settings.cache_policies import (
    CACHE_POLICIES,
    FUTURE_POLICIES,
    LIVE_POLICIES,
    POLICIES,
    WHAT_IF_POLICIES,
    CachePolicy,
    no_bounds,
    why_not_live,
)
from perflab.settings.connection_pool import POOL_DRIVERS, QUERIES, ConnectionPoolSettings
from perflab.settings.http_server import LATENCY_SHAPES, HttpServerSettings
from perflab.settings.lazy_loading import LazyLoadingSettings
from perflab.settings.load import LoadSettings
from perflab.settings.prefetching import PrefetchingSettings
from perflab.settings.redis_cache import (
    MAXMEMORY_POLICIES,
    SERIALIZERS,
    STAMPEDES,
    RedisCacheSettings,
)
from perflab.settings.streaming import BLOCK_ENGINES, ENGINES, StreamingSettings
from perflab.shown import shown, shown_lines
from perflab.units import format_quantity, is_none_word, parse_quantity

__all__ = [
    "BLOCK_ENGINES",
    "CACHE_POLICIES",
    "ENGINES",
    "FUTURE_POLICIES",
    "LATENCY_SHAPES",
    "LIMIT_MODES",
    "LIVE_POLICIES",
    "LOAD_MODELS",
    "MAXMEMORY_POLICIES",
    "POLICIES",
    "POOL_DRIVERS",
    "QUERIES",
    "SERIALIZERS",
    "STAMPEDES",
    "WHAT_IF_POLICIES",
    "AsyncIORunSettings",
    "AsyncIOSettings",
    "BadInputError",
    "BrokenLimitError",
    "CachePolicy",
    "CacheSettings",
    "ConnectionPoolSettings",
    "HttpServerSettings",
    "LazyLoadingSettings",
    "LoadSettings",
    "PrefetchingSettings",
    "RedisCacheSettings",
    "SettingInfo",
    "Settings",
    "StreamingSettings",
    "format_quantity",
    "is_none_word",
    "nearest",
    "no_bounds",
    "parse_quantity",
    "setting",
    "shown",
    "shown_lines",
    "why_not_live",
]
