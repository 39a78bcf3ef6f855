"""What a repository may say of where its commands run."""

from __future__ import annotations

from pydantic import AliasChoices, Field

from app.config.part import Part
from app.config.values import Hosts, Megabytes, Methods, Seconds, Text


class Sandbox(Part):
    """Where commands run."""

    image: Text | None = Field(default=None, description="Container image of the sandbox (AWS only).")
    network: Hosts = Field(
        default=["packages"],
        description="Hosts that `setup` may reach; `packages` stands for the public package registries.",
    )
    methods: Methods = Field(
        default=["GET", "HEAD", "CONNECT"],
        description="HTTP methods that `setup` may use; CONNECT is TLS, inside which methods cannot be seen.",
    )
    network_with_change: Hosts = Field(
        default=[],
        description="Hosts that take uploads (npm's registry, RubyGems, forges) and that `setup` may reach even when "
        "it runs again because a change touches dependencies.",
    )
    upload_mb: Megabytes = Field(
        default=8,
        ge=1,
        le=10240,
        validation_alias=AliasChoices("upload"),
        description="How much may be sent to one host in a run, as in `8m`.",
    )
    memory_mb: Megabytes = Field(
        default=4096, ge=256, le=61440, validation_alias=AliasChoices("memory"), description="As in `4g`."
    )
    timeout_seconds: Seconds = Field(
        default=600,
        ge=1,
        le=7200,
        validation_alias=AliasChoices("timeout"),
        description="Of one command.",
    )
