FROM scratch
LABEL one=1 "two words"="and \"quotes\"" three='single' \
      four=multi\ part
LABEL one=again
EXPOSE 80 443/tcp 53/udp
EXPOSE 9000/udp 9001
VOLUME /data
VOLUME ["/with space", "/more"]
MAINTAINER somebody <somebody@example.org>
COPY a.txt /
