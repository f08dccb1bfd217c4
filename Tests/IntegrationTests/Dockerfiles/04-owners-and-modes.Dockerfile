# Names from the base's passwd and group, numbers, modes; folders that are made belong to the same owner.
ARG BASE
FROM $BASE
COPY --chown=app:staff a.txt /owned/a.txt
COPY --chown=app folder /owned/folder
COPY --chown=1234:4321 script.sh /numbers/new/
COPY --chown=0:staff b.txt /etc/b.txt
WORKDIR /modes/folder
WORKDIR /
COPY --chmod=600 a.txt /modes/a.txt
COPY --chmod=750 folder /modes/folder
COPY --chown=app:staff --chmod=4711 script.sh /modes/script.sh
