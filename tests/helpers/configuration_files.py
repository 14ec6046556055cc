"""Twenty configuration files as people keep them, with values to replace.

Each value comes with what stands there and what shall stand there, long enough to be there once:
replacing the one by the other, byte for byte, is what is expected.
"""

from __future__ import annotations

from typing import NamedTuple


class Swap(NamedTuple):
    """A value that is replaced, and the bytes around it before and after."""

    path: str
    value: str | int | float | bool
    old: str
    new: str


class Known(NamedTuple):
    """A file, with what is to change in it."""

    name: str
    content: bytes
    swaps: tuple[Swap, ...]


def known(name, text, *swaps, crlf=False, bom=False, encoding="utf-8"):
    content = (text.replace("\n", "\r\n") if crlf else text).encode(encoding)
    return Known(name, b"\xef\xbb\xbf" * bom + content, tuple(Swap(*swap) for swap in swaps))


SPRING = """\
# Managed by the platform team.   \n\
server:
  port: 8080
spring:
  application: {name: shop, "group": 'retail'}
  datasource:
    url: ${JDBC_URL:jdbc:postgresql://localhost/shop}
    hikari:
      maximumPoolSize:   20     # was 10 until March
      minimum-idle: "5"
      connection-timeout: 30000
      max-lifetime: 1_800_000
      idle-timeout:
  cache:
    type: redis
    redis: { time-to-live: 600000ms, key-prefix: 'shop:' }


management.endpoints.web.exposure.include: "*"
"""

HELM = """\
image:
  repository: registry.example/shop
  tag: "1.20"   # a text, not a number
replicaCount: 3
env: &env
  POOL_MAX: "20"
  POOL_MIN: "2"
worker:
  <<: &defaults {cpu: 100m, memory: 128Mi}
  concurrency: 8
list:
- name: first
  value: 1
-   name: second
    value: 2
"""

CONFIG_MAP = """\
---
apiVersion: v1
kind: Namespace
metadata:
  name: cache
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: redis
data:
  redis.conf: |
    # memory
    maxmemory 512mb
    maxmemory-policy   volatile-lru
    \t
    save ""
  other.properties: |
    pool.size=10
    pool.wait = 5
...
"""

DEPLOYMENT = """\
kind: Deployment
spec:
  template:
    spec:
      containers:
        - name: app
          env:
            - name: POOL_SIZE
              value: "20"
            - {name: POOL_TIMEOUT, value: '30'}
            - name: SECRET
              valueFrom: {secretKeyRef: {name: s, key: k}}
        - name: sidecar
          args: ["--pool", "4"]
"""

COMPOSE = """\
services:
  app:
    image: shop:${TAG:-latest}
    environment:
      - DB_POOL_SIZE=20
      - "DB_POOL_TIMEOUT=30"
      - TZ=Europe/Berlin
  web:
    environment:
      CACHE_TTL: 3600
"""

PACKAGE = """\
{
  "pool" : { "max":20,"min" : 2 , "idle":null },
\t"nested": [ { "name": "a", "value": "1" }, {"name":"b","value":"2"} ],
  "text": "caf\\u00e9 \\"quoted\\" \\/",
  "numbers": [1, 2.50, 1e5, -0],
  "on": true
}
"""

PYPROJECT = """\
# Settings of the service.
title = 'shop'

[tool.pool]    # both of them
max_size = 20            # checked on Monday
timeout = 5.0
name = "main \\u0041"
enabled = true
hosts = [
  "a",   # first
  "b",
]

[[tool.caches]]
name = "one"
size = 1_000

[[tool.caches]]
name = "two"
size = 0x10

[tool.pool.extra]
"dotted.key" = 'literal'
inline = { a = 1, b = "two" }
"""

REDIS_CONF = """\
# Redis configuration file example.
bind 127.0.0.1 -::1
# maxmemory <bytes>
maxmemory 100mb
MAXMEMORY-POLICY  noeviction   \n\
maxmemory-samples "5"
save 3600 1 300 100
client-output-buffer-limit normal 0 0 0
"""

PGBOUNCER = """\
;; database definitions
[databases]
shop = host=db.example port=5432 dbname=shop pool_size=5
* = host=fallback

[pgbouncer]
listen_port = 6432
;default_pool_size = 1
default_pool_size = 20 ; per user and database
min_pool_size=0
server_lifetime =   3600
auth_file = /etc/pgbouncer/userlist.txt
"""

AIRFLOW = """\
[core]
parallelism = 32
[database]
# The SqlAlchemy pool size is the maximum number of connections.
sql_alchemy_pool_size = 5
sql_alchemy_pool_recycle = 1800
sql_alchemy_conn = postgresql+psycopg2://airflow:p%%40ss@db/airflow
[celery]
pool_size: 7
"""

POSTGRESQL = """\
# PostgreSQL configuration file
max_connections = 100\t\t\t# (change requires restart)
shared_buffers = 128MB
#max_connections = 50
log_line_prefix = '%m [%p] '
"""

PROPERTIES = """\
# Caf\u00e9
! old style
spring.datasource.hikari.maximumPoolSize=20
spring.datasource.hikari.minimum-idle : 5
spring.datasource.hikari.connection-timeout   30000
long.value = one, \\
    spring.fake=2, \\
    three
path = C:\\\\data
empty.value=
"""

DOTENV = """\
# local
export POOL_MAX=20
POOL_MIN = 2   # at night
POOL_TIMEOUT="30"
POOL_NAME='main pool'
CERT="-----BEGIN-----
POOL_FAKE=1
-----END-----"
EMPTY=
"""

VALUES_ANCHORS = """\
defaults: &d
  ttl: 60
a:
  <<: *d
  size: 100
b:
  <<: *d
  size: 200
same: &d
  x: 1
"""

FLOW = '{"a": {"b": [1, {"c": "x"}], size: 10}, "e": [ ], \'k\': v}\n'

FILES = (
    known(
        "application.yml",
        SPRING,
        ("spring.datasource.hikari.maximum-pool-size", 8, "Size:   20  ", "Size:   8  "),
        ("spring.datasource.hikari.minimum-idle", 2, 'idle: "5"', 'idle: "2"'),
        ("spring.datasource.hikari.connection-timeout", 5000, "out: 30000", "out: 5000"),
        ("spring.datasource.hikari.max-lifetime", 1, "lifetime: 1_800_000", "lifetime: 1"),
        ("spring.datasource.hikari.idle-timeout", 9, "idle-timeout:", "idle-timeout: 9"),
        ("spring.cache.redis.time-to-live", "5ms", "live: 600000ms", 'live: "5ms"'),
        ("spring.cache.redis.key-prefix", "it's:", "'shop:'", "'it''s:'"),
    ),
    known(
        "application-crlf.yaml",
        SPRING,
        ("spring.datasource.hikari.maximumPoolSize", 8, "Size:   20  ", "Size:   8  "),
        ("spring.datasource.hikari.idle-timeout", 9, "idle-timeout:", "idle-timeout: 9"),
        ("management.endpoints.web.exposure.include", "health", '"*"', '"health"'),
        crlf=True,
        bom=True,
    ),
    known(
        "values.yaml",
        HELM,
        ("image.tag", "1.30", '"1.20"', '"1.30"'),
        ("env.POOL_MAX", 8, 'MAX: "20"', 'MAX: "8"'),
        ("worker.concurrency", 4, "concurrency: 8", "concurrency: 4"),
        ("list.second", 3, "second\n    value: 2", "second\n    value: 3"),
        ("list[0].value", 7, "first\n  value: 1", "first\n  value: 7"),
    ),
    known(
        "configmap.yaml",
        CONFIG_MAP,
        ("data.redis.conf.maxmemory", 67108864, "maxmemory 512mb", "maxmemory 67108864"),
        ('data."redis.conf".maxmemory-policy', "allkeys-lru", "volatile-lru", "allkeys-lru"),
        ("data.other.properties.pool.size", 8, "size=10", "size=8"),
    ),
    known(
        "configmap-crlf.yml",
        CONFIG_MAP,
        ("data.redis.conf.maxmemory", 1, "maxmemory 512mb", "maxmemory 1"),
        crlf=True,
    ),
    known(
        "deployment.yaml",
        DEPLOYMENT,
        ("spec.template.spec.containers.app.env.POOL_SIZE", 8, '"20"', '"8"'),
        ("spec.template.spec.containers[0].env[1].value", 5, "'30'", "'5'"),
        ("spec.template.spec.containers.sidecar.args[1]", 9, '"4"', '"9"'),
    ),
    known(
        "compose.yaml",
        COMPOSE,
        ("services.app.environment.DB_POOL_SIZE", 8, "SIZE=20", "SIZE=8"),
        ("services.app.environment.DB_POOL_TIMEOUT", 5, "TIMEOUT=30", "TIMEOUT=5"),
        ("services.web.environment.CACHE_TTL", 60, "TTL: 3600", "TTL: 60"),
    ),
    known("anchors.yaml", VALUES_ANCHORS, ("a.size", 50, "size: 100", "size: 50")),
    known(
        "flow.yaml",
        FLOW,
        ("a.size", 8, "size: 10", "size: 8"),
        ("a.b[1].c", "y", '"x"', '"y"'),
        ("k", "yes", "': v}", '\': "yes"}'),
    ),
    known(
        "package.json",
        PACKAGE,
        ("pool.max", 8, '"max":20', '"max":8'),
        ("pool.idle", 3, "null", "3"),
        ("nested.b", 9, '"b","value":"2"', '"b","value":"9"'),
        ("numbers[1]", 3, "2.50", "3"),
        ("on", False, "true", "false"),
    ),
    known("minified.json", '{"a":{"b":[1,2,{"c":"x"}]}}', ("a.b[2].c", "y", '"x"', '"y"')),
    known("crlf.json", PACKAGE, ("pool.min", 1, '" : 2 ,', '" : 1 ,'), crlf=True, bom=True),
    known(
        "pyproject.toml",
        PYPROJECT,
        ("tool.pool.max_size", 8, "max_size = 20 ", "max_size = 8 "),
        ("tool.pool.timeout", 30, "timeout = 5.0", "timeout = 30.0"),
        ("tool.pool.enabled", False, "enabled = true", "enabled = false"),
        ("tool.pool.hosts[1]", "c", '"b",', '"c",'),
        ("tool.caches[1].size", 9, "0x10", "9"),
        ('tool.pool.extra."dotted.key"', "new", "'literal'", "'new'"),
        ("tool.pool.extra.inline.b", "three", '"two" }', '"three" }'),
        crlf=True,
    ),
    known(
        "redis.conf",
        REDIS_CONF,
        ("maxmemory", 67108864, "maxmemory 100mb", "maxmemory 67108864"),
        ("maxmemory-policy", "allkeys-lru", "  noeviction   ", "  allkeys-lru   "),
        ("maxmemory-samples", 10, '"5"', '"10"'),
    ),
    known(
        "pgbouncer.ini",
        PGBOUNCER,
        ("pgbouncer.default_pool_size", 8, "size = 20 ;", "size = 8 ;"),
        ("pgbouncer.min_pool_size", 2, "min_pool_size=0", "min_pool_size=2"),
        ("pgbouncer.server_lifetime", 60, "=   3600", "=   60"),
        crlf=True,
    ),
    known(
        "airflow.cfg",
        AIRFLOW,
        ("database.sql_alchemy_pool_size", 8, "pool_size = 5", "pool_size = 8"),
        ("celery.pool_size", 9, "pool_size: 7", "pool_size: 9"),
    ),
    known("postgresql.conf", POSTGRESQL, ("max_connections", 42, "= 100\t", "= 42\t")),
    known(
        "application.properties",
        PROPERTIES,
        ("spring.datasource.hikari.maximum-pool-size", 8, "Size=20", "Size=8"),
        ("spring.datasource.hikari.minimum-idle", 2, "idle : 5", "idle : 2"),
        ("spring.datasource.hikari.connectionTimeout", 7, "   30000", "   7"),
        ("empty.value", 1, "empty.value=", "empty.value=1"),
    ),
    known(
        "latin.properties",
        PROPERTIES,
        ("spring.datasource.hikari.maximumPoolSize", 8, "Size=20", "Size=8"),
        encoding="latin-1",
        crlf=True,
    ),
    known(
        ".env",
        DOTENV,
        ("POOL_MAX", 8, "MAX=20", "MAX=8"),
        ("POOL_MIN", 1, "MIN = 2   #", "MIN = 1   #"),
        ("POOL_TIMEOUT", 5, '"30"', '"5"'),
        ("POOL_NAME", "other", "'main pool'", "'other'"),
        ("EMPTY", "no", "EMPTY=", "EMPTY=no"),
    ),
)
