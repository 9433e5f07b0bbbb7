# syntax=docker/dockerfile:1
FROM node:24-bookworm-slim AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
RUN --mount=type=cache,target=/root/.npm npm ci
COPY tsconfig.json tsconfig.build.json ./
COPY libs libs
COPY services services
COPY proto proto
RUN npm run build && npm prune --omit=dev && rm -f dist/.tsbuildinfo

FROM node:24-bookworm-slim
ENV NODE_ENV=production LEDGATE_METRICS_ADDR=127.0.0.1:9464
WORKDIR /app
COPY --from=build /src/package.json ./
COPY --from=build /src/node_modules node_modules
COPY --from=build /src/dist dist
# Caches, certificates and secrets are mounted here; nothing below is lost with the container.
RUN install -d -o node -g node /data /certs /secrets \
  /secrets/master /secrets/ledger /secrets/authorizer /secrets/operator
USER node
VOLUME /data
# The size of the thread pool is fixed when Node starts: hashing of passwords on every core, and
# four threads that it cannot take. Room for what lives shortly: a replay takes a quarter less time.
ENTRYPOINT ["/bin/sh", "-c", "UV_THREADPOOL_SIZE=${UV_THREADPOOL_SIZE:-$(($(nproc) + 4))} exec node --enable-source-maps --max-semi-space-size=64 dist/services/ledgate/main.js \"$@\"", "ledgate"]
CMD ["--help"]
EXPOSE 7401 7402 9464
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch(`http://${process.env.LEDGATE_METRICS_ADDR}/readyz`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
