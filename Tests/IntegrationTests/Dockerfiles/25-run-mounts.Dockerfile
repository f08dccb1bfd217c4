# Mounts leave no trace in layers.
ARG BASE
FROM $BASE AS tools
RUN mkdir /tools && echo tool > /tools/tool
FROM $BASE
RUN --mount=type=cache,target=/cache echo cached > /cache/x && cat /cache/x > /from-cache
RUN --mount=type=tmpfs,target=/scratch echo x > /scratch/x && ls /scratch > /from-tmpfs
RUN --mount=type=bind,from=tools,source=/tools,target=/mnt cat /mnt/tool > /from-tools
RUN --mount=type=bind,source=folder,target=/mnt ls /mnt/inner > /from-context
RUN --mount=type=bind,source=a.txt,target=/mnt/a.txt cat /mnt/a.txt > /from-file
