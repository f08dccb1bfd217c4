# Go's patterns: a name, one character, a set, an escape, a pattern in the middle.
FROM scratch
COPY *.txt /all/
COPY ?.txt /one/
COPY [ab].txt /set/
COPY f*/inner /middle/
COPY folder/*/deep.txt /deep/
COPY script.sh nothing* /some/
