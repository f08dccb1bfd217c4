# Links within a folder come as links; a link that is named is followed; a folder behind a link.
ARG BASE
FROM $BASE
COPY links /links
COPY links/to-file /followed/file
COPY links/to-folder /followed/folder
COPY links/to-file /followed/
