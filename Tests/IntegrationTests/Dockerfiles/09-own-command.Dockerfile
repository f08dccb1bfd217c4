# A CMD of the stage stays, whatever comes first; lines go through the shell, SHELL changes it.
ARG BASE
FROM $BASE
CMD echo "first"
CMD echo $HOME > /dev/null
ENTRYPOINT exec /bin/sh -c "$@"
USER app:staff
STOPSIGNAL SIGINT
