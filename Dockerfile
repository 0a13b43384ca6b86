# PM IoT as an image: docs/install.md#docker. The first stage makes the package that npm pack makes everywhere; the second
# has Node and that package, and nothing that builds.
FROM node:22-bookworm-slim AS build
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci --include=dev --no-audit --no-fund
COPY . .
# Native parts of the processor that this is built for alone.
RUN PACK_PLATFORMS="linux-$(node -p process.arch)-gnu" npm pack --silent --pack-destination /tmp \
  && mkdir /app \
  && tar -xzf /tmp/pm-iot-*.tgz -C /app --strip-components=1

FROM node:22-bookworm-slim
# Owned by root: the program cannot change itself. Its only folder is /data.
COPY --from=build /app /app
RUN install -d -m 0700 -o node -g node /data
WORKDIR /data
# What is printed is kept by the engine: the first password is in a file, to be read once and removed.
ENV NODE_ENV=production DATA_DIR=/data FIRST_PASSWORD_FILE=/data/first-password
VOLUME /data
# By number, so that an orchestrator sees that it is not root.
USER 1000:1000
# The app and MQTT, over TLS. The plain listeners stay on the container's own loopback.
EXPOSE 8443 8883
# Does the process answer? Whether its database does is no reason to start it anew.
HEALTHCHECK --interval=30s --timeout=5s --start-period=3m --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.HTTP_PORT || 3000}/api/health/live`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "--enable-source-maps", "/app/dist/main.js"]
