"""One frozen settings class a pattern: bounds, unit, default and meaning of each key."""

from perflab.settings.base import SettingInfo, Settings, setting
from perflab.settings.cache import LIVE_POLICIES, POLICIES, WHAT_IF_POLICIES, CacheSettings
from perflab.settings.errors import BadInputError, nearest
from perflab.settings.load import LoadSettings
from perflab.settings.quantity import format_quantity, is_none_word, parse_quantity

__all__ = [
    "LIVE_POLICIES",
    "POLICIES",
    "WHAT_IF_POLICIES",
    "BadInputError",
    "CacheSettings",
    "LoadSettings",
    "SettingInfo",
    "Settings",
    "format_quantity",
    "is_none_word",
    "nearest",
    "parse_quantity",
    "setting",
]
