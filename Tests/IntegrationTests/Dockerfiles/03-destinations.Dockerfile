# Relative destinations, folders that exist, folders behind the base's links, files that are replaced.
ARG BASE
FROM $BASE
WORKDIR /srv/app
COPY a.txt .
COPY b.txt ./
COPY folder sub
COPY a.txt /etc
COPY b.txt /data/
COPY a.txt /lib/a.txt
COPY folder/inner /usr/share/
COPY b.txt /etc/issue
COPY a.txt b.txt ../
