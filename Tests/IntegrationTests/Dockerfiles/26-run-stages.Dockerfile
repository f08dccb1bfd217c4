# A build in one stage, its result in another.
ARG BASE
FROM $BASE AS build
WORKDIR /src
COPY folder .
# Not into the folder that is searched: whether find would see it is chance.
RUN find . -type f | sort > /list && mv /list list && mkdir -p /out/bin && cp list /out/bin/ && chmod 755 /out/bin/list
FROM $BASE
COPY --from=build --chown=app:app /out /opt
COPY --from=build /src/list /
RUN rm -rf /usr/lib/x /etc/issue /home
ONBUILD RUN echo never
