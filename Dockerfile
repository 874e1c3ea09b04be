# syntax=docker/dockerfile:1

# --- Build ---
FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
# What is built twice is kept in caches; they aren't part of the image, so the binary is moved out.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked --package ldapgroup-bot \
    && cp target/release/ldapgroup-bot /usr/local/bin/ldapgroup-bot

# --- Run ---
FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates libssl3 \
    && rm -rf /var/lib/apt/lists/* \
    && install --directory --owner=10001 --group=10001 /data
COPY --from=build /usr/local/bin/ldapgroup-bot /usr/local/bin/ldapgroup-bot
# A number, so that Kubernetes can see that it isn't root.
USER 10001:10001
WORKDIR /data
VOLUME /data
STOPSIGNAL SIGTERM
ENTRYPOINT ["ldapgroup-bot"]
