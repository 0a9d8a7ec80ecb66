# onet on the CPU: docker build -f docker/cpu.Dockerfile -t onet .
FROM python:3.13-slim AS build
RUN apt-get update \
    && apt-get install --no-install-recommends -y gcc libc6-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY . .
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels .

FROM python:3.13-slim
COPY --from=build /wheels /wheels
COPY constraints.txt /tmp/constraints.txt
# The CPU build of torch first: pip keeps it.
RUN pip install --no-cache-dir --index-url https://download.pytorch.org/whl/cpu torch==2.13.0 \
    && pip install --no-cache-dir -c /tmp/constraints.txt /wheels/*.whl \
    && rm -r /wheels /tmp/constraints.txt \
    && useradd --uid 1000 --create-home onet
USER 1000
WORKDIR /work
ENTRYPOINT ["onet"]
CMD ["--help"]
