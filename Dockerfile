# The image holds Python and an environment with `streamer` in it. It runs as a user without rights
# or home, and writes nothing but /tmp: start it with a read-only root file system.

FROM python:3.13.7-slim-bookworm AS build
WORKDIR /source
# `extras` for an image that also runs `collect`, `react` and `serve`
ARG REQUIREMENTS=runtime
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
# With a compiler the hot lane is compiled.
RUN apt-get update && apt-get install --yes --no-install-recommends gcc libc6-dev
COPY requirements requirements
RUN python -m venv /opt/streamer \
    && /opt/streamer/bin/pip install --require-hashes --only-binary :all: -r requirements/$REQUIREMENTS.txt \
    && pip install --require-hashes --only-binary :all: -r requirements/build.txt
COPY . .
RUN python -m hatchling build -t wheel \
    && /opt/streamer/bin/pip install --no-index --no-deps dist/*.whl \
    && /opt/streamer/bin/pip check

FROM python:3.13.7-slim-bookworm
COPY --from=build /opt/streamer /opt/streamer
ENV PATH=/opt/streamer/bin:$PATH PYTHONUNBUFFERED=1
USER 10001:10001
EXPOSE 9464
ENTRYPOINT ["streamer"]
CMD ["--help"]
