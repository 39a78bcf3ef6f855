# The worker: the harness, git, and nothing to build with. Built from the repository's root; see infra/README.md.
# For a base that cannot change pass its digest: --build-arg PYTHON=python@sha256:…
ARG PYTHON=python:3.13-slim

FROM ${PYTHON} AS packages
WORKDIR /src
COPY requirements/aws.lock .
# A worker never asks GitHub's API for anything, and githubkit's description of it is 110 MB that every task would pull.
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes --no-deps --only-binary :all: \
        --target /opt/lamplighter --requirement aws.lock \
    && rm -r /opt/lamplighter/githubkit /opt/lamplighter/githubkit_schemas
COPY app /opt/lamplighter/app
RUN python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/lamplighter

FROM ${PYTHON}
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates git \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 1000 --user-group --no-create-home --home-dir /work --shell /usr/sbin/nologin lamplighter \
    && install -d -o 1000 -g 1000 /work /channel
COPY --from=packages /opt/lamplighter /opt/lamplighter
ENV PYTHONPATH=/opt/lamplighter PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOME=/work
# What Fargate mounts here takes over the owner it finds.
VOLUME ["/work", "/tmp", "/channel"]
USER 1000:1000
WORKDIR /work
ENTRYPOINT ["python", "-m", "app.cli"]
