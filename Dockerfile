# syntax=docker/dockerfile:1

# --- Build ---
FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
# What is built twice is kept in caches; they aren't part of the image, so the binary is moved out.
RUN --mount=type=cache,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,target=/src/target,sharing=locked \
    cargo build --release --locked --package ldapgroup-bot \
    && cp target/release/ldapgroup-bot /usr/local/bin/ldapgroup-bot

# --- Run ---
FROM debian:bookworm-slim
LABEL org.opencontainers.image.title="ldapgroup-bot" \
    org.opencontainers.image.description="A Discord bot that brings LDAP groups into Posit Connect" \
    org.opencontainers.image.licenses="MIT OR Apache-2.0"
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive \
        apt-get install --yes --no-install-recommends ca-certificates libssl3 \
    && rm -rf /var/lib/apt/lists/* /var/cache/* /var/log/* \
    && install --directory --owner=10001 --group=10001 --mode=700 /data
COPY --from=build /usr/local/bin/ldapgroup-bot /usr/local/bin/ldapgroup-bot
# A number, so that Kubernetes can see that it isn't root.
USER 10001:10001
# Where the database lies by default, and the only place that is written to.
WORKDIR /data
VOLUME /data
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=6s --start-period=30s CMD ["ldapgroup-bot", "healthcheck"]
ENTRYPOINT ["ldapgroup-bot"]
