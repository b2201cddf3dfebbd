# Images of the pool's programs:
#   docker build --target stakepoold -t stakepoold .
#   docker build --target stakepool-web -t stakepool-web .
# Each runs as a user of its own, with its home in /data (configuration, certificates, secrets, state). config/compose.yaml
# is a sample. monitorlisten must be set for the health checks: 127.0.0.1:9181 of the daemon, 127.0.0.1:9180 of the web.
FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
RUN cargo build --release --locked -p stakepoold -p stakepool-web -p stakepoolctl

FROM debian:bookworm-slim AS base
RUN useradd --system --uid 10001 --home-dir /data --create-home pool
COPY --from=build /src/LICENSE /usr/share/doc/stakepool/copyright
USER pool
WORKDIR /data
VOLUME /data
STOPSIGNAL SIGTERM

FROM base AS stakepoold
COPY --from=build /src/target/release/stakepoold /usr/local/bin/
EXPOSE 9113
HEALTHCHECK --interval=15s --timeout=10s --start-period=60s \
    CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/9181 && printf 'GET /healthz HTTP/1.0\\r\\n\\r\\n' >&3 && head -1 <&3 | grep -q ' 200 '"]
ENTRYPOINT ["stakepoold", "--appdata=/data"]

FROM base AS stakepool-web
COPY --from=build /src/target/release/stakepool-web /src/target/release/stakepoolctl /usr/local/bin/
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=10s --start-period=60s \
    CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/9180 && printf 'GET /readyz HTTP/1.0\\r\\n\\r\\n' >&3 && head -1 <&3 | grep -q ' 200 '"]
ENTRYPOINT ["stakepool-web", "--appdata=/data"]
