# What a stage demands of those that are built on it.
ARG BASE
FROM $BASE AS parent
ONBUILD COPY a.txt /triggered/
ONBUILD ENV TRIGGERED=yes
FROM parent
COPY b.txt /triggered/
