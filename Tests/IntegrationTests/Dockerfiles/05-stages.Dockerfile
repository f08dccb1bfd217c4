# Stages by name and by number, a stage on a stage, one that nothing needs.
ARG BASE
FROM $BASE AS first
COPY a.txt /from/first.txt
COPY --chown=app:staff folder /from/folder
FROM scratch AS unneeded
COPY b.txt /
FROM first AS second
COPY b.txt /from/second.txt
ENV STAGE=second
FROM scratch
COPY --from=first /from /first
COPY --from=2 /from/second.txt /second/
COPY --from=second /etc/passwd /etc/group /etc/
COPY --from=0 /bin /bin
