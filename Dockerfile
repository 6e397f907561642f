# The receiver: docker build -t logferry-server .
# The archive and its outputs are in /data; the rest of the file system may be read-only.

FROM node:24-bookworm-slim AS build
LABEL project=logferry
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci
COPY tsconfig.json tsconfig.build.json server_main.ts client_main.ts ./
COPY scripts/build.ts ./scripts/
COPY src ./src
RUN npm run build -- --declaration false --sourceMap false

FROM node:24-bookworm-slim AS dependencies
LABEL project=logferry
WORKDIR /app
COPY package.json package-lock.json scripts/with_optional_packages.ts ./
# The clients of Redis, PostgreSQL and Thrift too, which the package alone leaves to whoever uses them.
RUN node with_optional_packages.ts && npm ci --omit=dev

FROM node:24-bookworm-slim
LABEL project=logferry
WORKDIR /app
COPY package.json ./
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
RUN mkdir /data && chown node:node /data
ENV NODE_ENV=production SERVER_HOST=0.0.0.0 SERVER_PORT=5000 DATA_DIR=/data OUTPUT_DIR=/data
VOLUME /data
EXPOSE 5000
USER node
# Healthy: it takes connections. Nothing is sent, so nothing is logged or stored; a refusal is an uncaught error, exit 1.
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s --retries=3 \
  CMD ["node", "-e", "net.connect(process.env.SERVER_PORT, '127.0.0.1', function () { this.destroy(); })"]
# No shell and no npm in between: SIGTERM reaches the program. `docker run … verify /data` runs another of its commands.
ENTRYPOINT ["node", "dist/server_main.js"]
