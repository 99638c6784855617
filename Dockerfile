# Build the wheel with the web page inside, then install it into a small image that runs without root.
FROM python:3.12-slim-bookworm AS build
COPY --from=node:20-bookworm-slim /usr/local/bin/node /usr/local/bin/node
COPY --from=node:20-bookworm-slim /usr/local/lib/node_modules /usr/local/lib/node_modules
RUN ln -sf ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm
WORKDIR /src
# openh264 and libopus for the page, from Debian's source packages: a layer of its own, as they seldom change.
COPY scripts scripts
COPY web/wasm web/wasm
RUN python scripts/build_wasm.py && mv web/src/codecs/generated /generated && rm -rf .cache
COPY pyproject.toml constraints.txt hatch_build.py README.md LICENSE ./
COPY web web
COPY wsmedia wsmedia
RUN rm -rf web/src/codecs/generated && mv /generated web/src/codecs/generated
RUN pip wheel --no-cache-dir --constraint constraints.txt --wheel-dir /wheels .

FROM python:3.12-slim-bookworm
RUN useradd --create-home --uid 10001 wsmedia
COPY --from=build /wheels /wheels
RUN pip install --no-cache-dir --no-index --find-links /wheels wsmedia && rm -rf /wheels
USER wsmedia
EXPOSE 8443 8080
# A container is reached from outside, so keys are required: set WSMEDIA_TOKEN_KEY.
ENTRYPOINT ["wsmedia"]
CMD ["serve", "--host", "0.0.0.0"]
