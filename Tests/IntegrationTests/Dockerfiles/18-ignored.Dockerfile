# The .dockerignore of the context keeps files out of everything.
FROM scratch
COPY . /all/
COPY ignored/kept.txt /kept/
