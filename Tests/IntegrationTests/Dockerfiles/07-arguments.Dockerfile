# ARG before FROM, in a stage, with and without a value, from the command line, beneath ENV.
ARG BASE
ARG GLOBAL=global
FROM $BASE
ARG GLOBAL
ARG LOCAL=local
ARG GIVEN=unseen
ARG NOTHING
ARG SHADOWED=argument
ENV SHADOWED=environment
ENV ALL="$GLOBAL $LOCAL $GIVEN [$NOTHING] $SHADOWED ${NOTHING:-none}"
LABEL given=$GIVEN
COPY a.txt /$LOCAL/$GIVEN
