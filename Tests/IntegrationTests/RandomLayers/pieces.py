"""A tree from the root on of what one layer brings."""
import os
import stat

EPOCH = 315532800
# Modes of folders that nothing describes.
MODES = {b"/tmp": 0o1777, b"/var/tmp": 0o1777, b"/root": 0o700}
# Names that lead elsewhere in distributions with a merged /usr: layers on others say nothing of them.
LINKS = {b"/bin", b"/sbin", b"/lib", b"/lib32", b"/lib64", b"/libx32", b"/var/run", b"/var/lock"}
LOCAL_ATTRIBUTES = ("user.overlay.", "user.xdg.origin.", "user.xdg.referrer.", "user.fuseoverlayfs.")


class Piece:
    """The tree of a layer in `root`, and what is known of its folders: the times that its entries must have."""

    def __init__(self, root, is_on_others):
        self.root = os.fsencode(root)
        self.is_on_others = is_on_others
        self.times = {}
        # Folders whose attributes an entry of the layer's own source says.
        self.described = set()
        os.makedirs(self.root)

    def place(self, path):
        return self.root + path

    def paths(self):
        """Every path from the image's root on, folders before what is in them."""
        waiting = [b""]
        while waiting:
            folder = waiting.pop()
            for entry in sorted(os.scandir(self.place(folder) or b"/"), key=lambda e: e.name):
                path = folder + b"/" + entry.name
                yield path, entry.stat(follow_symlinks=False)
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(path)

    def make_way(self, into, known, time):
        """The folders above what a layer brings, as a `files` layer below it had them, or root's and 0755."""
        path = b""
        for name in os.fsencode(into).split(b"/"):
            if not name:
                continue
            path += b"/" + name
            os.mkdir(self.place(path))
            self.plain(path)
            self.times[path] = time
            if path in known:
                known[path].apply(self.place(path))
                self.times[path] = known[path].time

    def plain(self, path):
        os.chmod(self.place(path), MODES.get(path, 0o755))

    def has_entry(self, path):
        return not (self.is_on_others and path in LINKS)


class Attributes:
    """What an entry says of a folder."""

    def __init__(self, path, time):
        status = os.stat(path)
        self.mode, self.owner, self.time = stat.S_IMODE(status.st_mode), (status.st_uid, status.st_gid), time
        self.extended = extended(path)

    def apply(self, path):
        os.chown(path, *self.owner)
        os.chmod(path, self.mode)
        strip(path)
        for name, value in self.extended.items():
            os.setxattr(path, name, value)


def extended(path):
    """A file's extended attributes, but for what modules of the kernel keep there."""
    names = [n for n in os.listxattr(path) if n == "security.capability" or n.startswith(("user.", "system.posix_acl_"))]
    return {name: os.getxattr(path, name) for name in names}


def strip(path):
    for name in extended(path):
        os.removexattr(path, name)


def carried(path, with_modes):
    """The extended attributes that a `files` layer takes along: what belongs to the file rather than to this machine."""
    return {
        name: value for name, value in extended(path).items()
        if not name.startswith(LOCAL_ATTRIBUTES) and (with_modes or not name.startswith("system."))
    }


def give(path, user, group):
    """Changes the owner and nothing else: the kernel takes bits of the mode and capabilities away with it."""
    if os.path.islink(path):
        return os.lchown(path, user, group)
    mode, kept = os.lstat(path).st_mode, extended(path)
    os.chown(path, user, group)
    os.chmod(path, stat.S_IMODE(mode))
    for name, value in kept.items():
        os.setxattr(path, name, value)
