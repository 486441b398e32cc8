# docker build -t lazaret . && docker run --read-only --tmpfs /tmp --network host -v lazaret:/data lazaret
# The daemon listens on the loopback of its network and nowhere else: with the host's network that is 127.0.0.1:7717 of
# the machine. A published port would need an address that others can reach, which the configuration refuses by default.
FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY . .
RUN npm run build && npm ci --omit=dev --omit=optional --ignore-scripts

FROM node:24-slim
WORKDIR /app
COPY --from=build /app/package.json /app/LICENSE ./
COPY --from=build /app/src/launch.cjs ./src/
COPY --from=build /app/dist ./dist
COPY --from=build /app/node_modules ./node_modules
RUN install -d -m 0700 -o 10001 -g 10001 /data
ENV NODE_ENV=production LAZARET_HOME=/data
USER 10001:10001
VOLUME /data
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=20s CMD ["node", "src/launch.cjs", "status", "--quiet"]
ENTRYPOINT ["node", "--disable-sigusr1", "src/launch.cjs"]
CMD ["up"]
