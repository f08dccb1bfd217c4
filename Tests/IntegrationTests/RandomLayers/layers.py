"""Reads the layers of an image as tars."""
import tarfile


def names(blob):
    """Each entry of a layer with its path from the root on."""
    with tarfile.open(blob, encoding="utf-8", errors="surrogateescape") as layer:
        for member in layer:
            yield b"/" + member.name.strip("/").encode("utf-8", "surrogateescape"), member


def repeated_names(blob):
    seen, repeated = set(), []
    for path, _ in names(blob):
        if path in seen:
            repeated.append(path)
        seen.add(path)
    return repeated


def folder_times(blobs):
    """The times of folders, as the last layer says that has them."""
    times = {}
    for blob in blobs:
        for path, member in names(blob):
            if member.isdir():
                times[path] = int(member.mtime // 1)
    return times
