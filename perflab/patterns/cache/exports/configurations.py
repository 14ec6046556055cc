"""The cache as files of frameworks and platforms: Django, Spring with Caffeine, variables."""

from __future__ import annotations

from perflab.bench.exporting import heading, threads
from perflab.bench.parts import Export
from perflab.bench.platforms import platform_exports, variables
from perflab.bench.templates import render
from perflab.patterns.cache.policies import CACHE_POLICIES, WHAT_IF_POLICIES
from perflab.patterns.cache.settings import CacheSettings
from perflab.settings import LoadSettings

_ALWAYS = ("max_cache_size", "policy", "ttl_seconds")
_OTHER = "Its hit rate differs from the prediction for your policy; predict {policy} instead."


def cache_configurations(
    settings: CacheSettings, load: LoadSettings, workload: str
) -> tuple[Export, ...]:
    """Return the settings for what caches in a process, and as variables.

    A what-if policy has no implementation, so for it there is none.
    """
    if settings.policy in WHAT_IF_POLICIES:
        return ()
    first = heading(workload, threads(load))
    return (
        _django(settings, first),
        _spring(settings, first),
        *platform_exports(variables("cache", settings, _ALWAYS), [first], "cache"),
    )


def _django(settings: CacheSettings, first: str) -> Export:
    """Return Django's ``CACHES`` with its cache in local memory.

    Source: Django's *Cache arguments*: MAX_ENTRIES, and CULL_FREQUENCY, the share 1/n that goes
    when it is full; the timeout is in seconds, None for ever.
    """
    remarks = [first, "Django drops a third of the entries at once when it is full."]
    remarks += _other_policy(settings, "lru", "the least recently used go")
    remarks += _left_out(settings)
    text = render(
        __package__,
        "django.py.jinja",
        remarks=remarks,
        timeout=settings.ttl_seconds,
        most=settings.max_cache_size,
    )
    return Export("Django CACHES", "python", text)


def _spring(settings: CacheSettings, first: str) -> Export:
    """Return Spring Boot's properties of Caffeine.

    Sources: Spring Boot's *Common Application Properties*, Cache; Caffeine's ``CaffeineSpec``,
    whose durations are whole numbers with a unit, and whose policy is W-TinyLFU.
    """
    remarks = [first, *_other_policy(settings, "wtinylfu", "Caffeine evicts by W-TinyLFU")]
    spec = f"maximumSize={settings.max_cache_size}"
    if settings.ttl_seconds is not None:
        spec += f",expireAfterWrite={max(1, round(settings.ttl_seconds))}s"
        if settings.ttl_seconds != round(settings.ttl_seconds):
            remarks.append("Caffeine's text of settings has whole seconds.")
    remarks += _left_out(settings)
    text = render(__package__, "spring.yaml.jinja", remarks=remarks, spec=spec)
    values = {"type": "caffeine", "caffeine.spec": spec}
    return Export("Spring Boot", "yaml", text, "spring", values, "spring.cache")


def _other_policy(settings: CacheSettings, theirs: str, words: str) -> list[str]:
    if settings.policy == theirs:
        return []
    title = CACHE_POLICIES[settings.policy].title
    return [f"It has no {title}: {words}.", _OTHER.format(policy=theirs)]


def _left_out(settings: CacheSettings) -> list[str]:
    remarks = []
    if settings.max_bytes is not None:
        remarks.append("It has no bound in bytes here: max_bytes is left out.")
    if settings.negative_ttl_seconds is not None:
        remarks.append("Negative results are not cached: negative_ttl_seconds is left out.")
    return remarks
