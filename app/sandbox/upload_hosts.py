"""Hosts to which a sandbox could give private code away. Pure."""

from __future__ import annotations

# Public registries and forges that take what they are sent, on the host they serve from: whoever brings a token of his
# own in the change could have private code uploaded there. Others take uploads elsewhere (upload.pypi.org, crates.io).
UPLOAD_HOSTS = (
    "registry.npmjs.org",
    "registry.yarnpkg.com",
    "npm.pkg.github.com",
    "rubygems.org",
    "plugins.gradle.org",
    "crates.io",
    "upload.pypi.org",
    "test.pypi.org",
    "github.com",
    "api.github.com",
    "uploads.github.com",
    "gitlab.com",
    "bitbucket.org",
    "ghcr.io",
    "registry.hub.docker.com",
    "registry-1.docker.io",
    "www.nuget.org",
)
