"""Eight Terraform files as people keep them, with values to replace."""

from __future__ import annotations

from configuration_files import known

ELASTICACHE = """\
# Parameter groups for the sessions and the shop.
resource "aws_elasticache_parameter_group" "sessions" {
  name        = "sessions-${var.environment}"
  family      = "valkey8"
  description = "Sessions; \\"ask\\" the platform team"

  parameter {
    name  = "maxmemory-policy"
    value = "volatile-lru"   # was noeviction
  }

  parameter {
    value = "5"
    name  = "maxmemory-samples"
  }
}

resource "aws_elasticache_replication_group" "sessions" {
  replication_group_id = "sessions"
  num_cache_clusters   = 2
  parameter_group_name = aws_elasticache_parameter_group.sessions.name
}
"""
RDS = """\
resource "aws_db_parameter_group" "main" {
  name_prefix = "main-"
  family = "postgres17"
  parameter { name = "shared_buffers"
    value = "{DBInstanceClassMemory/32768}" }
  parameter { name = "max_connections"
    value = "200"
    apply_method = "pending-reboot" }
  parameter { name = "work_mem"
    value = "4096" }
  lifecycle { create_before_destroy = true }
}
"""
VARIABLES = """\
variable "pool_size" {
  description = <<-EOT
    Connections of the pool.
    default = 99 is not meant
  EOT
  type        = number
  default     = 20

  validation {
    condition     = var.pool_size > 0 && var.pool_size < 500
    error_message = "The pool has 1 to 499 connections, not ${var.pool_size}."
  }
}

variable "cache" {
  type = object({ size = number, policy = optional(string, "lru") })
  default = {
    size   = 1000      // entries
    policy = "lru"
  }
}

variable "debug" { default = false }
"""
TFVARS = """\
environment = "production"
pool_size   =   20
timeouts    = { connect = 30, "idle.max" : 600, retry = [1, 2, 5] }
/* of the
   cache { */
cache_policy = "allkeys-lru"
ttl_seconds  = 1.5e3
"""
ECS = """\
locals {
  pool_max = 10
  tags     = merge(var.tags, { Team = "shop" })
}

resource "aws_ecs_task_definition" "app" {
  family = "app"
  container_definitions = jsonencode([
    {
      name = "app"
      environment = [{ name = "POOL_MAX", value = tostring(local.pool_max) }]
    }
  ])
}

resource "aws_ecs_service" "app" {
  name            = "app"
  desired_count   = 3
  dynamic "load_balancer" {
    for_each = { for k, v in var.targets : k => v if v.port != 0 }
    content {
      target_group_arn = load_balancer.value.arn
      container_port   = 8080
    }
  }
}
"""
KUBERNETES = """\
resource "kubernetes_deployment" "shop" {
  metadata { name = "shop" }
  spec {
    replicas = 2
    template {
      spec {
        container {
          name  = "shop"
          image = "registry.example/shop:1"
          env {
            name  = "CONNECTION_POOL_MAX_CONNECTIONS"
            value = "10"
          }
          env {
            name  = "CONNECTION_POOL_TIMEOUT"
            value = "30"
          }
        }
        container {
          name = "sidecar"
          env {
            name  = "LEVEL"
            value = "info"
          }
        }
      }
    }
  }
}

resource "helm_release" "redis" {
  name  = "redis"
  chart = "redis"
  set = [
    { name = "master.persistence.enabled", value = "false" },
    { name = "commonConfiguration.maxmemory", value = "1gb" },
  ]
}
"""
TERRAGRUNT = """\
include "root" {
  path = find_in_parent_folders("root.hcl")
}

terraform {
  source = "git::https://example.com/modules.git//redis?ref=v1.2.0"
}

inputs = {
  redis = {
    maxmemory        = "512mb"
    maxmemory_policy = "noeviction"
    "replicas"       = -1
  }
  zones = ["a", "b"]
}
"""
MODULES = """\
module "one" {
  source = "./cache"
  size   = 100
}
module "two" {
  source = "./cache"
  size   = 200
  note   = "it costs $${none} and 100%"
}
provider "aws" {
  region = "eu-central-1"
}
provider "aws" {
  alias  = "us"
  region = "us-east-1"
}
"""

CONTAINER = "kubernetes_deployment.spec.template.spec.container"

FILES = (
    known(
        "elasticache.tf",
        ELASTICACHE,
        (
            "aws_elasticache_parameter_group.parameter.maxmemory-policy",
            "allkeys-lfu",
            '"volatile-lru"',
            '"allkeys-lfu"',
        ),
        (
            "resource.aws_elasticache_parameter_group.sessions.parameter.maxmemory-samples.value",
            10,
            '"5"',
            '"10"',
        ),
        ("aws_elasticache_replication_group.sessions.num_cache_clusters", 3, "= 2\n", "= 3\n"),
    ),
    known(
        "rds.tf",
        RDS,
        ("aws_db_parameter_group.main.parameter.max_connections", 80, '"200"', '"80"'),
        ("aws_db_parameter_group.main.parameter[2].value", "8192", '"4096"', '"8192"'),
        ("aws_db_parameter_group.lifecycle.create_before_destroy", False, "= true", "= false"),
        crlf=True,
    ),
    known(
        "variables.tf",
        VARIABLES,
        ("var.pool_size", 8, "= 20", "= 8"),
        ("variable.cache.default.size", 250, "= 1000 ", "= 250 "),
        ("variable.cache.default.policy", "s3fifo", 'policy = "lru"\n', 'policy = "s3fifo"\n'),
        ("var.debug", True, "= false", "= true"),
        bom=True,
    ),
    known(
        "production.tfvars",
        TFVARS,
        ("pool_size", 8, "=   20", "=   8"),
        ('timeouts."idle.max"', 60, ": 600", ": 60"),
        ("timeouts.retry[2]", 8, ", 5]", ", 8]"),
        ("ttl_seconds", "none", "1.5e3", '"none"'),
        ("cache_policy", "${x}", '"allkeys-lru"', '"$${x}"'),
    ),
    known(
        "ecs.tf",
        ECS,
        ("local.pool_max", 8, "= 10", "= 8"),
        ("aws_ecs_service.app.desired_count", 5, "= 3", "= 5"),
        ("aws_ecs_service.dynamic.load_balancer.content.container_port", 80, "8080", "80"),
    ),
    known(
        "deployment.tf",
        KUBERNETES,
        (
            f"{CONTAINER}.shop.env.CONNECTION_POOL_MAX_CONNECTIONS",
            8,
            '"10"',
            '"8"',
        ),
        ("kubernetes_deployment.shop.spec.replicas", 4, "= 2", "= 4"),
        (
            f"{CONTAINER}[1].env.LEVEL",
            "warn",
            '"info"',
            '"warn"',
        ),
        (
            'helm_release.redis.set."commonConfiguration.maxmemory"',
            "2gb",
            '"1gb"',
            '"2gb"',
        ),
    ),
    known(
        "terragrunt.hcl",
        TERRAGRUNT,
        ("inputs.redis.maxmemory", "1gb", '"512mb"', '"1gb"'),
        ("inputs.redis.maxmemory-policy", "allkeys-lru", '"noeviction"', '"allkeys-lru"'),
        ("inputs.redis.replicas", 2, "= -1", "= 2"),
        ("inputs.zones[1]", "c", '"b"', '"c"'),
        crlf=True,
    ),
    known(
        "modules.tf",
        MODULES,
        ("module.two.size", 300, "= 200", "= 300"),
        ("module.two.note", 'a "b"', '"it costs $${none} and 100%"', '"a \\"b\\""'),
        ("provider.aws[1].region", "us-east-2", '"us-east-1"', '"us-east-2"'),
    ),
)
