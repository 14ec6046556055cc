"""The commands of Redis and Valkey, and of their modules: what each does to which keys.

`TABLE` has a line for each thing that is done, and the commands that do it. What is done:

- ``get`` reads; ``set`` writes the whole value, without a lifetime unless one is given; ``part``
  writes a part of it, or makes it, and its lifetime stays; ``add`` is a set where the key is not
  there, ``there`` a part where it is; ``take`` is a set with the lifetime of what ``from`` names,
  and ``addtake`` an add with it;
- ``touch`` gives a new lifetime; ``delete`` removes the key; ``drop`` removes a part of its value;
- ``setroot`` and ``deleteroot`` are of the whole value where the path of JSON is its root, and else
  of a part.

Which keys: ``1`` and ``2`` an argument, from 1; ``*`` all, ``2*`` all from the second on, ``*-``
all but the last; ``1/2`` every second one from the first on; ``n1`` as many as the first argument
says, after it, and ``n1/2`` every second one; ``streams`` the first half of what follows STREAMS;
``store`` what follows STORE or STOREDIST.

Which fields of a hash, behind a dot: ``.2``, ``.2*``, ``.2/2`` as above; ``.fields`` as many as
FIELDS says, after it, and ``.fields/2`` with their values; ``.*`` all.

A command in `OF_THE_SERVER` asks for no value and changes none; one in `COUNTED`, or in none of
these, is counted by name. Commands of scripts (`SCRIPTS`) are shown by MONITOR themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

TABLE = """
get 1: GET GETRANGE SUBSTR STRLEN GETBIT BITCOUNT BITPOS BITFIELD_RO DUMP
get 1: LRANGE LINDEX LLEN LPOS SMEMBERS SISMEMBER SMISMEMBER SCARD SRANDMEMBER SSCAN
get 1: ZRANGE ZRANGEBYSCORE ZRANGEBYLEX ZREVRANGE ZREVRANGEBYSCORE ZREVRANGEBYLEX ZSCORE ZMSCORE
get 1: ZCARD ZCOUNT ZLEXCOUNT ZRANK ZREVRANK ZRANDMEMBER ZSCAN SORT_RO
get 1: XRANGE XREVRANGE XLEN XPENDING
get 1: GEODIST GEOHASH GEOPOS GEOSEARCH GEORADIUS_RO GEORADIUSBYMEMBER_RO
get 1: JSON.GET JSON.RESP JSON.STRLEN JSON.ARRLEN JSON.ARRINDEX JSON.OBJKEYS JSON.OBJLEN
get 1: BF.EXISTS BF.MEXISTS CF.EXISTS CF.MEXISTS TS.GET TS.RANGE TS.REVRANGE TOPK.QUERY TOPK.LIST
get *: MGET SINTER SUNION SDIFF PFCOUNT
get *-: JSON.MGET
get n1: SINTERCARD ZDIFF ZINTER ZINTERCARD ZUNION
get streams: XREAD XREADGROUP
get 1, get 2: LCS
get 1, set store: SORT GEORADIUS GEORADIUSBYMEMBER
get 1.2: HGET HEXISTS HSTRLEN
get 1.2*: HMGET
get 1.*: HGETALL HKEYS HVALS HLEN HSCAN HRANDFIELD
get 1, touch 1: GETEX
get 1, delete 1: GETDEL
get 1, set 1: GETSET
get 1.fields, touch 1.fields: HGETEX
get 1.fields, drop 1.fields: HGETDEL
get 2*, set 1: SINTERSTORE SUNIONSTORE SDIFFSTORE PFMERGE
get 3*, set 2: BITOP
get 2, set 1: ZRANGESTORE GEOSEARCHSTORE
get n2, set 1: ZUNIONSTORE ZINTERSTORE ZDIFFSTORE
set 1: SET SETEX PSETEX RESTORE
set 1/2: MSET
set n1/2: MSETEX
add 1: SETNX
add 1/2: MSETNX
set 1/3: JSON.MSET
setroot 1: JSON.SET
part 1: APPEND SETRANGE SETBIT BITFIELD INCR INCRBY INCRBYFLOAT DECR DECRBY
part 1: LPUSH RPUSH LSET LINSERT SADD ZADD ZINCRBY GEOADD PFADD XADD
part 1: JSON.MERGE JSON.NUMINCRBY JSON.NUMMULTBY JSON.STRAPPEND JSON.ARRAPPEND JSON.ARRINSERT
part 1: JSON.ARRTRIM JSON.ARRPOP JSON.TOGGLE JSON.CLEAR
part 1: BF.ADD BF.MADD BF.INSERT CF.ADD CF.ADDNX CF.INSERT CF.INSERTNX TS.ADD TS.INCRBY TOPK.ADD
there 1: LPUSHX RPUSHX
part 1.2/2: HSET HMSET
part 1.2: HSETNX HINCRBY HINCRBYFLOAT
set 1.fields/2: HSETEX
touch 1: EXPIRE PEXPIRE EXPIREAT PEXPIREAT PERSIST
touch 1.fields: HEXPIRE HPEXPIRE HEXPIREAT HPEXPIREAT HPERSIST
delete *: DEL UNLINK
delete 1: DELIFEQ
deleteroot 1: JSON.DEL JSON.FORGET
from 1, take 2, delete 1: RENAME
from 1, addtake 2, delete 1: RENAMENX
from 1, addtake 2: COPY
from 1, addtake 1, delete 1: MOVE
drop 1: LPOP RPOP LREM LTRIM SPOP SREM ZREM ZPOPMIN ZPOPMAX XDEL XTRIM
drop 1: ZREMRANGEBYRANK ZREMRANGEBYSCORE ZREMRANGEBYLEX CF.DEL
drop *-: BLPOP BRPOP BZPOPMIN BZPOPMAX
drop n1: LMPOP ZMPOP
drop n2: BLMPOP BZMPOP
drop 1, part 2: SMOVE LMOVE BLMOVE RPOPLPUSH BRPOPLPUSH
drop 1.2*: HDEL
"""

FLUSHES = frozenset(("FLUSHDB", "FLUSHALL"))
SCRIPTS = frozenset(("EVAL", "EVALSHA", "EVAL_RO", "EVALSHA_RO", "FCALL", "FCALL_RO"))
COUNTED = frozenset(
    (
        *("TOUCH", "XACK", "XCLAIM", "XAUTOCLAIM", "XSETID", "XINFO", "XGROUP"),
        *("MIGRATE", "RESTORE-ASKING", "SWAPDB", "PFDEBUG"),
    )
)
OF_THE_SERVER = frozenset(
    (
        *("PING", "ECHO", "AUTH", "HELLO", "SELECT", "QUIT", "RESET", "CLIENT", "CONFIG", "INFO"),
        *("COMMAND", "MONITOR", "MULTI", "EXEC", "DISCARD", "WATCH", "UNWATCH", "DBSIZE", "TIME"),
        *("LASTSAVE", "SAVE", "BGSAVE", "REPLCONF", "PSYNC", "SLOWLOG", "LATENCY", "MEMORY"),
        *("CLUSTER", "ROLE", "WAIT", "WAITAOF", "SCAN", "KEYS", "RANDOMKEY", "OBJECT", "DEBUG"),
        *("PUBLISH", "SUBSCRIBE", "UNSUBSCRIBE", "PSUBSCRIBE", "PUNSUBSCRIBE", "READONLY"),
        *("SPUBLISH", "SSUBSCRIBE", "SUNSUBSCRIBE", "PUBSUB", "READWRITE", "ASKING", "ACL"),
        *("SCRIPT", "MODULE", "FUNCTION", "REPLICAOF", "SLAVEOF", "FAILOVER", "SHUTDOWN", "SYNC"),
        *("EXISTS", "TYPE", "TTL", "PTTL", "EXPIRETIME", "PEXPIRETIME", "JSON.TYPE"),
        *("HTTL", "HPTTL", "HEXPIRETIME", "HPEXPIRETIME"),
        *("BGREWRITEAOF", "COMMANDLOG", "LOLWUT", "PFSELFTEST", "CLUSTERSCAN"),
    )
)

# Where a lifetime stands: behind an option, or as an argument, from 1: how many seconds its unit
# has, and whether it is a moment since 1970.
OPTION_LIFETIMES = frozenset(("SET", "GETEX", "MSETEX", "HSETEX", "HGETEX"))
OPTIONS: Mapping[str, tuple[float, bool]] = {
    "EX": (1.0, False),
    "PX": (1e-3, False),
    "EXAT": (1.0, True),
    "PXAT": (1e-3, True),
}
LIFETIMES: Mapping[str, tuple[int, float, bool]] = {
    "SETEX": (2, 1.0, False),
    "PSETEX": (2, 1e-3, False),
    "EXPIRE": (2, 1.0, False),
    "PEXPIRE": (2, 1e-3, False),
    "EXPIREAT": (2, 1.0, True),
    "PEXPIREAT": (2, 1e-3, True),
    "HEXPIRE": (2, 1.0, False),
    "HPEXPIRE": (2, 1e-3, False),
    "HEXPIREAT": (2, 1.0, True),
    "HPEXPIREAT": (2, 1e-3, True),
}
NEVER = frozenset(("PERSIST", "HPERSIST"))
# The argument that is the whole value; of several keys, how far behind each key it stands.
VALUES: Mapping[str, int] = {"SET": 2, "SETEX": 3, "PSETEX": 3, "SETNX": 2, "GETSET": 2}
VALUE_BEHIND = frozenset(("MSET", "MSETNX", "MSETEX"))
FIELD_COMMANDS = frozenset(
    (
        *("HEXPIRE", "HPEXPIRE", "HEXPIREAT", "HPEXPIREAT", "HPERSIST", "HSETEX", "HGETEX"),
        *("HGETDEL", "HDEL"),
    )
)
"""Commands by which fields of a hash go one by one."""


class Effect(NamedTuple):
    """One thing that a command does, to keys at `where`, or to those `fields` of the key."""

    does: str
    where: str
    fields: str


def _effects(text: str) -> tuple[Effect, ...]:
    found = []
    for effect in text.split(", "):
        does, places = effect.split()
        where, _, fields = places.partition(".")
        found.append(Effect(does, where, fields))
    return tuple(found)


def _parsed(table: str) -> dict[str, tuple[Effect, ...]]:
    lines = (line.split(": ") for line in table.strip().splitlines())
    return {name: _effects(what) for what, names in lines for name in names.split()}


COMMANDS: Mapping[str, tuple[Effect, ...]] = _parsed(TABLE)
READS = frozenset(
    name for name, effects in COMMANDS.items() if all(effect.does == "get" for effect in effects)
)
"""Those that do nothing but read."""

ONE_KEY = frozenset(
    name for name, effects in COMMANDS.items() if all(each.where == "1" for each in effects)
)
"""Those of which the first argument is the only key."""
