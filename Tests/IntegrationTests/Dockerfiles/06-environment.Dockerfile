# Quotes, escapes, defaults, both forms, and values from before the instruction.
FROM scratch
ENV A=1 B="two words" C='single $A' D=with\ space
ENV OLD form with   spaces
ENV E=$A F=${B} G=${NONE:-default} H=${A:+set} I=${NONE:+unset} J="${A}x" K=\$A L="\"quoted\""
ENV A=2 M=$A
ENV N=$A
ENV A=3
ENV EMPTY=
COPY a.txt /$A/${N}/
