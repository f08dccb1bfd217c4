# Absolute, relative, with variables, through a link; folders are made.
ARG BASE
FROM $BASE
WORKDIR /one
WORKDIR two
ENV WHERE=three
WORKDIR $WHERE/four
WORKDIR ../five
COPY a.txt .
WORKDIR /data/inside
COPY b.txt here.txt
