# One file, a renamed file, several files, a folder's content, a folder that ends with a slash.
FROM scratch
COPY a.txt /
COPY a.txt /renamed.txt
COPY a.txt script.sh /several/
COPY folder /content
COPY folder /slash/
COPY folder/inner/deep.txt /new/folders/above/
