# ARGs are in the environment of commands; SHELL decides who reads a line; USER who runs it.
ARG BASE
FROM $BASE
ARG LOCAL=local
ARG GIVEN
ARG SHADOWED=argument
ENV SHADOWED=environment
RUN echo "$LOCAL $GIVEN $SHADOWED" > /values
SHELL ["/bin/sh", "-e", "-c"]
RUN false || echo shell > /shell
RUN mkdir -m 777 /open
USER app
RUN id -u > /open/who; id -g >> /open/who; echo $HOME >> /open/who; touch /open/file
USER 1234:50
RUN echo $(id -u):$(id -g) > /open/number
WORKDIR /open
CMD ["/bin/sh"]
