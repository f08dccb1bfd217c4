# ENTRYPOINT takes the base's CMD away.
ARG BASE
FROM $BASE
ENTRYPOINT ["/bin/busybox", "echo"]
