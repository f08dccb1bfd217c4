# escape=`
# Continued lines with comments and empty lines in between, and another escape.
ARG BASE
FROM $BASE
ENV A=one `
    # a comment

    B=two`
  C=three
COPY a.txt `
  # another
  b.txt `

  /lines/
CMD ["a", `
     "b"]
