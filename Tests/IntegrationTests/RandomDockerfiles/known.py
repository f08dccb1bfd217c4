"""What distinguishes two images for known reasons."""
import os
import re

from comparison import tree


def is_known_of_words(path, ours, theirs):
    """--link makes the folders above a file anew, and `=` leaves the sticky bit, which a number takes away."""
    a, b = ours.split(" "), theirs.split(" ")
    is_mode = a[0] == b[0] == "file" and a[2:] == b[2:] and int(a[1], 8) & ~0o1000 == int(b[1], 8)
    return is_mode or a[0] == b[0] == "folder"


def known_differences(context, dockerfile, volumes):
    """Says of two entries whether buildah's faults explain what distinguishes them."""
    special, folders = set(), set()
    entries, _ = tree(context.folder)
    has_exceptions = any(line.startswith("!") for line in context.ignore)
    for path, entry in entries.items():
        words = entry.split(" ")
        if words[0] == "folder":
            folders.add(os.path.basename(path))
        if words[0] in ("file", "folder") and int(words[1], 8) & 0o6000:
            special.add((words[0], words[1], words[-1] if words[0] == "file" else os.path.basename(path)))

    modes = {f"{int(mode, 8) & 0o777:o}" for mode in re.findall(r"--chmod=([0-7]+)", dockerfile.text())}

    def is_known(path, ours, theirs):
        if theirs == "nothing":
            # It loses an empty file that gets a name beyond ASCII, and refuses any other.
            return ours.startswith("file ") and " 0 bytes " in ours and not os.path.basename(path).isascii()
        if ours == "nothing":
            # It makes the folders of volumes.
            return theirs == "folder 755 0:0" and any(
                f"{volume.rstrip('/')}/".startswith(f"{os.fsdecode(path)}/") for volume in volumes)
        if has_exceptions and ours.startswith("folder") and theirs == f"folder 755 {ours.split(' ')[2]}":
            # It makes a folder that is there for an exception alone as if nothing described it.
            if os.path.basename(path) in folders:
                return True
        a, b = ours.split(" "), theirs.split(" ")
        if a[0] != b[0] or a[0] not in ("file", "folder") or a[2:] != b[2:]:
            return False
        # RUN moves some of them.
        what = a[-1] if a[0] == "file" else os.path.basename(path).removesuffix(b"-moved")
        if a[0] == "folder" and a[1] in modes and b[1] == "755":
            # The folders that COPY --chmod makes, on the way and as the destination.
            return True
        return (a[0], a[1], what) in special and int(a[1], 8) & ~0o6000 == int(b[1], 8)

    return is_known
