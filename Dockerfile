# The image of frist. Nothing in it is written to but /var/lib/frist, nothing runs as root, and no shell is needed.
#
#   docker build -t frist .
#   docker build -t frist --build-arg NODE=node:24-bookworm-slim@sha256:… .     a base that cannot change
#
# What is in it, and what is left out, says scripts/image/assemble.mjs; how it is run, docs/deploying.md.
# test/support/image/ performs these steps without a container engine: every instruction here is either read by it or
# held against it by a test.

# Debian 12, as the machine that the tests run on: the native module finds the C library that it was tested with.
ARG NODE=node:24-bookworm-slim

FROM ${NODE} AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
COPY . ./
RUN ["node", "scripts/image/assemble.mjs", "/image"]

FROM ${NODE}
LABEL org.opencontainers.image.title="frist" \
      org.opencontainers.image.description="Keeps the promises that privacy policies make about erasure, and proves it" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="MIT"
# The program belongs to root, who does not run here. The port stands in the environment, where the health check sees it.
COPY --from=build /image/program /opt/frist
COPY --from=build --chown=1000:1000 /image/data /var/lib
ENV NODE_ENV=production \
    FRIST_DATA_FOLDER=/var/lib/frist \
    FRIST_HTTP_HOST=0.0.0.0 \
    FRIST_HTTP_PORT=8080 \
    FRIST_LOG_FORMAT=json
# The base's own user `node`, by number: Kubernetes must see that it is not root.
USER 1000:1000
WORKDIR /var/lib/frist
VOLUME ["/var/lib/frist"]
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 CMD ["node", "/opt/frist/deploy/image/health.mjs"]
ENTRYPOINT ["node", "/opt/frist/bin/frist"]
CMD ["serve", "--policies", "/etc/frist/policies.yaml"]
