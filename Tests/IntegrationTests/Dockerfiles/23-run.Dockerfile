# What commands make, change and remove; a folder that is made anew hides the old one.
ARG BASE
FROM $BASE
COPY folder /work
COPY a.txt b.txt /work/
RUN echo made > /work/made && rm /work/a.txt && chmod 600 /work/b.txt && mkdir -p /work/new/deep
RUN rm -r /work/inner && mkdir /work/inner && echo other > /work/inner/other && ln -s made /work/link
RUN ["/bin/busybox", "chown", "1000:50", "/work/made"]
ENV NAME=value
RUN echo "$NAME ${NAME}x" > /env && id -u > /who && echo $0 >> /who
RUN true
WORKDIR /work/new
RUN echo here > here
