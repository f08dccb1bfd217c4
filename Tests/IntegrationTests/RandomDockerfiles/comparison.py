"""What is compared of two images, and the rules of moby's libraries that no program here carries out."""
import hashlib
import os
import re
import shutil
import stat
import tarfile


def shown(path):
    """A path as one word of UTF-8, whatever is in it."""
    return path.decode("utf-8", "backslashreplace").replace("\n", "\\n")


def tree(root):
    """Each path with what it is; the root itself is no file of an image."""
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
                if status.st_nlink > 1:
                    names.setdefault(status.st_ino, []).append(path)
            else:
                words = [f"kind {kind:o}"] + words
            entries[path] = " ".join(words)
    groups = {}
    for group in names.values():
        if len(group) > 1:
            for path in group:
                groups[path] = shown(b" ".join(sorted(group)))
    return entries, groups


def differences(ours, theirs, left, right, both_keep_links=True, is_known=lambda path, ours, theirs: False):
    """Lines that say what distinguishes two trees.

    Where not both keep hard links, files are one in both trees only where both have them as one with others.
    """
    (ours, our_groups), (theirs, their_groups) = ours, theirs
    lines = []
    for path in sorted(ours.keys() | theirs.keys()):
        a, b = ours.get(path, "nothing"), theirs.get(path, "nothing")
        if a != b:
            if is_known(path, a, b):
                continue
            lines.append(f"{shown(path)}: {left} {a}, {right} {b}")
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


class IgnoreRules:
    """What a .dockerignore keeps out, as moby/patternmatcher's MatchesUsingParentResults finds it."""

    def __init__(self, lines):
        self.rules = []
        for line in lines:
            if line.startswith("#") or not line.strip():
                continue
            line = line.strip()
            is_exception = line.startswith("!")
            line = os.path.normpath(line.removeprefix("!").strip())
            line = "/" + line.lstrip("/") if line.startswith("/") else line
            if line.startswith("/") and len(line) > 1:
                line = line[1:]
            if line == ".":
                continue
            self.rules.append((is_exception, re.compile(self.expression(line), re.DOTALL)))

    @staticmethod
    def expression(pattern):
        text, at = "", 0
        if re.fullmatch(r"\*\*[^*?\\[\]]+", pattern):
            # Its suffixMatch: `**.o` is the end of a name too, other than where a wildcard follows.
            return r"(.*/)?" + re.escape(pattern[3:]) + r"\Z" if pattern[2] == "/" else ".*" + re.escape(pattern[2:]) + r"\Z"
        while at < len(pattern):
            rest = pattern[at:]
            if rest.startswith("**"):
                at += 3 if rest.startswith("**/") else 2
                text += ".*" if at >= len(pattern) else "(.*/)?"
                continue
            text += {"*": "[^/]*", "?": "[^/]", "[": "[", "]": "]"}.get(rest[0], re.escape(rest[0]))
            at += 1
        return text + r"\Z"

    def judge(self, path, parent):
        """Whether a path is kept out, and which rules it or a folder above it fits."""
        is_out, fits = False, []
        for (is_exception, expression), above in zip(self.rules, parent or [False] * len(self.rules)):
            does_fit = above or is_exception == is_out and expression.match(path) is not None
            fits.append(does_fit)
            if does_fit:
                is_out = not is_exception
        return is_out, fits


def expected_context(folder, rules):
    """The tree that `COPY . /` makes: what is kept, with the folders above it, and root's."""
    found, _ = tree(folder)
    kept, verdicts = {}, {}
    for path in sorted(found, key=lambda p: p.count(b"/")):
        parent = os.path.dirname(path)
        is_out, verdicts[path] = rules.judge(os.fsdecode(path[1:]), verdicts.get(parent))
        if not is_out:
            while path != b"/":
                kept[path] = found[path]
                path = os.path.dirname(path)
    return kept, {}


def unpack_as_docker(archive, folder, owner):
    """Unpacks a tar as BuildKit's ADD does (moby/go-archive's Unpack and createTarFile); False where that fails.

    It runs in a process with the folder as its root, as there, so that links of the archive lead where they do there.
    """
    with tarfile.open(archive, encoding="utf-8", errors="surrogateescape") as tar:
        members = [(m, tar.extractfile(m).read() if m.isreg() else b"") for m in tar]
    if not members:
        # What has no entry is no archive, and comes as it is: isArchivePath.
        shutil.copy(archive, folder)
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1] == 0
    try:
        os.chroot(folder)
        os.chdir("/")
        os.umask(0)
        for member, data in members:
            path = os.path.normpath("/" + member.name)
            if path == "/":
                continue
            parent = os.path.dirname(path)
            if not os.path.lexists(parent):
                # Folders that no entry describes are root's, whatever --chown says.
                os.makedirs(parent, 0o755)
            if os.path.lexists(path) and not (member.isdir() and os.path.isdir(path) and not os.path.islink(path)):
                if os.path.isdir(path) and not os.path.islink(path):
                    shutil.rmtree(path)
                else:
                    os.unlink(path)
            if member.isdir():
                if not os.path.isdir(path):
                    os.mkdir(path)
            elif member.issym():
                os.symlink(member.linkname, path)
            elif member.islnk():
                os.link(os.path.normpath("/" + member.linkname), path)
            else:
                with open(path, "wb") as file:
                    file.write(data)
            # A hard link's owner and mode count for the file that it is a name of.
            os.lchown(path, *(owner or (member.uid, member.gid)))
            if not os.path.islink(path):
                os.chmod(path, member.mode)
    except OSError:
        os._exit(1)
    os._exit(0)
