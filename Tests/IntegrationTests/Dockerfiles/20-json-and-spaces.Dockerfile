# Names with spaces, in JSON and in quotes of LABEL; empty files and folders.
FROM scratch
COPY ["with space.txt", "folder with space", "/spaces are here/"]
COPY ["a.txt", "/a b/c d.txt"]
COPY empty /empty/
ADD ["a.txt", "b.txt", "/added/"]
