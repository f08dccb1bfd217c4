# Later instructions win; folders are merged, and get the attributes of what came last.
ARG BASE
FROM $BASE
COPY folder /merged
COPY --chown=app:staff folder/inner /merged/inner
COPY --chmod=700 a.txt /merged/top.txt
COPY b.txt /merged/inner/deep.txt
COPY a.txt b.txt folder /merged/
