# ADD unpacks archives, whatever their names are; COPY does not, and neither does what is no archive.
FROM scratch
ADD plain.tar /plain/
ADD packed.tar.gz /gz
ADD packed.tar.bz2 /bz2/
ADD packed.tar.xz /xz/
ADD disguised.bin /disguised/
ADD a.txt /file/
ADD folder /folder/
COPY packed.tar.gz /copied/
ADD packed.zip /zip/
