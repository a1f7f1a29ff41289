# Play Bach in a container: the service, with its page, as a user of its own.
#
#     make package && docker build -t playbach .
#     docker run --rm --name bach -p 8420:8420 playbach           # listen in the browser
#     docker run --rm --name bach -p 8420:8420 --device /dev/snd playbach   # into this machine's synths
#     docker exec bach playbach page --host localhost             # the link, with its token
#
# compose.yaml adds a synth. podman and buildah build it by the same lines.
ARG BASE=debian:trixie-slim

FROM ${BASE} AS environment
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates python3-venv
COPY requirements/board.txt /src/requirements/
COPY release/environment /src/release/
COPY dist/playbach-*.whl /src/dist/
RUN /src/release/environment /opt/playbach /src/dist/playbach-*.whl

# The synth of compose.yaml: plays what comes over the kernel's sequencer to a sound card.
FROM ${BASE} AS synth
RUN apt-get update \
    && apt-get install -y --no-install-recommends fluidsynth timgm6mb-soundfont \
    && rm -rf /var/lib/apt/lists/* /var/cache/* /usr/share/doc/* \
    && useradd --system --uid 8421 --groups audio synth
COPY --chmod=755 systemd/synth /usr/local/libexec/synth
ENV RUNTIME_DIRECTORY=/tmp
USER synth
ENTRYPOINT ["/usr/local/libexec/synth"]
CMD ["default", "0.6", "/usr/share/sounds/sf2/TimGM6mb.sf2"]

FROM ${BASE}
# python3-minimal lacks parts of the library that the page takes.
RUN apt-get update \
    && apt-get install -y --no-install-recommends python3 libasound2t64 \
    && rm -rf /var/lib/apt/lists/* /var/cache/* /var/log/* /usr/share/doc/* /usr/share/locale/* \
    && useradd --system --uid 8420 --groups audio --home-dir /var/lib/playbach --create-home playbach
COPY --from=environment /opt/playbach /opt/playbach
COPY release/container.toml /etc/playbach/config.toml
ENV PATH=/opt/playbach/bin:$PATH PYTHONUNBUFFERED=1 XDG_CONFIG_HOME=/etc STATE_DIRECTORY=/var/lib/playbach
USER playbach
VOLUME /var/lib/playbach
EXPOSE 8420
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=15s \
    CMD ["python3", "-c", "import socket; socket.create_connection(('127.0.0.1', 8420), 3)"]
ENTRYPOINT ["playbach"]
CMD ["daemon"]
