# A sandbox: any image with Python 3.9, git and bash, plus the server. This one also builds C; a project that needs more
# gets an image of its own (--build-arg BASE=…, then infra/sandbox-image.template.yaml). See infra/README.md.
# For a base that cannot change pass its digest: --build-arg BASE=python@sha256:…
ARG BASE=python:3.13-slim
ARG PYTHON=python:3.13-slim

# The server's own code: what its first module imports, and nothing else of the product.
FROM ${PYTHON} AS server
WORKDIR /src
COPY app app
COPY infra/closure.py infra/
RUN python infra/closure.py app.sandbox.remote.server /opt/lamplighter

FROM ${BASE}
ARG PACKAGES="bash ca-certificates gcc git libc6-dev make"
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ${PACKAGES} \
    && rm -rf /var/lib/apt/lists/* \
    && install -d -o 1000 -g 1000 /work /channel
COPY --from=server /opt/lamplighter /opt/lamplighter
RUN python3 -m compileall -q --invalidation-mode unchecked-hash /opt/lamplighter
# What Fargate mounts here takes over the owner it finds.
VOLUME ["/work", "/tmp", "/channel"]
USER 1000:1000
WORKDIR /work
# The first process, so that no command can end it.
ENTRYPOINT ["python3", "-I", "-S", "-B", "/opt/lamplighter"]
