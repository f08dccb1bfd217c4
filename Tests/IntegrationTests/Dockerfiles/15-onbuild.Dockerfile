# What is only written down, for those that build on the image.
FROM scratch
COPY a.txt /
ONBUILD ENV A=b
ONBUILD LABEL c="d e"
onbuild CMD ["/a.txt"]
