"""What is compared of two images."""
import hashlib
import os
import stat


def shown(path):
    """A path as one word of UTF-8, whatever is in it."""
    return path.decode("utf-8", "backslashreplace").replace("\n", "\\n")


def attributes(path):
    """The extended attributes that belong to a file, as words."""
    words = []
    for name in sorted(os.listxattr(path, follow_symlinks=False)):
        if name.startswith(("user.", "system.posix_acl_")) or name == "security.capability":
            words.append(f"{name}={os.getxattr(path, name, follow_symlinks=False).hex()}")
    return words


def tree(root, looks_closely=False):
    """Each path with what it is; the root itself is no file of an image.

    A close look sees times too (not those of folders, which change with what comes into them), the numbers of devices
    and extended attributes.
    """
    entries, names = {}, {}
    waiting = [(os.fsencode(root), b"")]
    while waiting:
        folder, below = waiting.pop()
        for entry in sorted(os.scandir(folder), key=lambda e: e.name):
            path = below + b"/" + entry.name
            status = entry.stat(follow_symlinks=False)
            kind = stat.S_IFMT(status.st_mode)
            words = [f"{status.st_uid}:{status.st_gid}"]
            if kind == stat.S_IFLNK:
                words = ["link"] + words + ["to " + shown(os.readlink(entry.path))]
            elif kind == stat.S_IFDIR:
                words = ["folder", f"{status.st_mode & 0o7777:o}"] + words
                waiting.append((entry.path, path))
            elif kind == stat.S_IFREG:
                with open(entry.path, "rb") as file:
                    digest = hashlib.sha256(file.read()).hexdigest()[:16]
                words = ["file", f"{status.st_mode & 0o7777:o}"] + words + [f"{status.st_size} bytes", digest]
            else:
                words = [f"kind {kind:o}", f"{status.st_mode & 0o7777:o}"] + words
            if status.st_nlink > 1 and kind != stat.S_IFDIR and (looks_closely or kind == stat.S_IFREG):
                names.setdefault(status.st_ino, []).append(path)
            if looks_closely:
                if kind in (stat.S_IFCHR, stat.S_IFBLK):
                    words.append(f"device {os.major(status.st_rdev)}:{os.minor(status.st_rdev)}")
                if kind != stat.S_IFDIR:
                    words.append(f"of {status.st_mtime_ns // 1_000_000_000}")
                words += attributes(entry.path)
            entries[path] = " ".join(words)
    groups = {}
    for group in names.values():
        if len(group) > 1:
            for path in group:
                groups[path] = [shown(name) for name in sorted(group)]
    return entries, groups


def differences(
        ours, theirs, left, right, both_keep_links=True, may_divide=False, is_known=lambda path, ours, theirs: False):
    """Lines that say what distinguishes two trees.

    Where not both keep hard links, files are one in both trees only where both have them as one with others, and theirs may
    lack names of ours. Where ours may divide them, the names of a file are in several layers, and some of them are a file of their own.
    """
    (ours, our_groups), (theirs, their_groups) = ours, theirs
    lines = []
    for path in sorted(ours.keys() | theirs.keys()):
        a, b = ours.get(path, "nothing"), theirs.get(path, "nothing")
        if a != b:
            if is_known(path, a, b):
                continue
            lines.append(f"{shown(path)}: {left} {a}, {right} {b}")
        elif may_divide and set(our_groups.get(path, ())) <= set(their_groups.get(path, ())):
            continue
        elif not both_keep_links and set(their_groups.get(path, ())) <= set(our_groups.get(path, ())):
            continue
        elif our_groups.get(path) != their_groups.get(path) and (
                both_keep_links or path in our_groups and path in their_groups):
            lines.append(
                f"{shown(path)}: {left} one file with {our_groups.get(path)}, {right} with {their_groups.get(path)}")
    return lines


MEMBERS = ["Cmd", "Entrypoint", "WorkingDir", "User", "ExposedPorts", "Labels", "Volumes", "StopSignal", "OnBuild"]


def settings(config):
    """The members of a config that a runtime acts on; null and nothing mean the same."""
    found = {}
    for name in MEMBERS:
        value = config.get(name)
        if name == "Labels" and value:
            value = {k: v for k, v in value.items() if k != "io.buildah.version"}
        if value:
            found[name] = value
    found["Env"] = sorted(config.get("Env") or [])
    return found
