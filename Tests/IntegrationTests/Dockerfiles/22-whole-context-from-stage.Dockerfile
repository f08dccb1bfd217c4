ARG BASE
FROM $BASE AS build
COPY --chown=app:staff . /src
FROM $BASE
COPY --from=build --chown=root:root /src/folder /opt/folder
COPY --from=build /src/*.txt /opt/texts/
COPY --from=build /src/script.sh /usr/local/bin/tool
USER app
WORKDIR /opt
ENTRYPOINT ["tool"]
CMD ["--help"]
