"""Random trees on the disk: what people and programs leave there."""
import os
import socket
import stat

from names import FILE_MODES, FOLDER_MODES, OWNERS, TIMES, content, name

# The access list `user::rw-,user:7:r--,group::r--,mask::r--,other::r--` as the kernel keeps it.
ACCESS_LIST = bytes.fromhex(
    "0200000001000600ffffffff0200040007000000" "04000400ffffffff10000400ffffffff20000400ffffffff")
DEFAULT_LIST = ACCESS_LIST.replace(bytes.fromhex("01000600"), bytes.fromhex("01000700"))
CAPABILITY = bytes.fromhex("0100000200200000000000000000000000000000")


class RandomTree:
    """Fills a folder. With `has_specials` there are FIFOs, devices and sockets; with `has_attributes` extended ones."""

    # bsdtar writes the last one twice, in two spellings.
    ATTRIBUTES = ["user.a", "user.b.c", "user.xdg.origin.url", "user.ü"]

    def __init__(self, rng, folder, has_specials=False, has_attributes=False, most=12, odd=0.25,
                 is_ascii=False, is_for_bsdtar=False):
        self.rng = rng
        self.has_specials = has_specials
        self.has_attributes = has_attributes
        self.odd = odd
        self.is_ascii = is_ascii
        self.attributes = self.ATTRIBUTES[:3] if is_for_bsdtar else self.ATTRIBUTES
        self.folders, self.files = [], []
        self.left = rng.randint(1, most)
        root = os.fsencode(folder)
        os.makedirs(root, exist_ok=True)
        self.fill(root, 0)
        kind = rng.random()
        if kind < 0.06:
            self.add_deep(root)
        elif kind < 0.1:
            self.add_many(root)
        self.folders.append(root)
        self.dress_folders()

    def fill(self, folder, depth):
        rng = self.rng
        for _ in range(rng.randint(0 if depth else 2, 6)):
            if self.left <= 0:
                return
            found = name(rng, os.listdir(folder), self.odd)
            if found is None or self.is_ascii and not (found.isascii() and found.isalnum()):
                continue
            self.left -= 1
            path = os.path.join(folder, found)
            roll = rng.random()
            if roll < 0.32 and depth < 6:
                os.mkdir(path)
                self.folders.append(path)
                # Some stay empty.
                if rng.random() < 0.8:
                    self.fill(path, depth + 1)
            elif roll < 0.75:
                self.add_file(path, content(rng))
            elif roll < 0.86:
                target = rng.choice([
                    b"a", b"../b.txt", b"d/x", b"nowhere", b"/etc/passwd", b"/", b".", b"\xff", b"two\nlines", b"t" * 150,
                ])
                os.symlink(target, path)
                self.dress(path)
            elif roll < 0.95 and self.files:
                os.link(rng.choice(self.files), path, follow_symlinks=False)
            elif roll < 0.97:
                self.add_sparse(path)
            elif self.has_specials:
                self.add_special(path)

    def add_file(self, path, data):
        with open(path, "wb") as file:
            file.write(data)
        self.files.append(path)
        self.dress(path)

    def add_sparse(self, path):
        """Holes at the beginning, inside or at the end, or nothing else; some longer than a megabyte."""
        rng = self.rng
        size = rng.choice([4096, 100_000, 1 << 20, (1 << 20) + 1, 3 << 20])
        with open(path, "wb") as file:
            file.truncate(size)
            for _ in range(rng.randint(0, 3)):
                file.seek(rng.randrange(size))
                file.write(rng.randbytes(rng.choice([1, 100, 5000]))[:size - file.tell()])
        self.files.append(path)
        self.dress(path)

    def add_special(self, path):
        rng = self.rng
        kind = rng.choice(["fifo", "fifo", "device", "block", "socket"])
        if kind == "fifo":
            os.mkfifo(path)
        elif kind == "socket":
            here = os.open(b".", os.O_PATH)
            os.chdir(os.path.dirname(path))
            with socket.socket(socket.AF_UNIX) as made:
                if len(os.path.basename(path)) < 100:
                    made.bind(os.path.basename(path))
            os.fchdir(here)
            os.close(here)
        else:
            os.mknod(path, stat.S_IFCHR if kind == "device" else stat.S_IFBLK, os.makedev(rng.choice([1, 300]), 3))
        if os.path.lexists(path):
            self.dress(path)

    def add_deep(self, folder):
        """Folders in each other, with a path that is longer than what headers of tars hold by themselves."""
        for number in range(self.rng.choice([30, 60])):
            folder = os.path.join(folder, self.rng.choice([b"d", b"deep", b"q" * 40]))
            if os.path.lexists(folder):
                return
            os.mkdir(folder)
            self.folders.append(folder)
        self.add_file(os.path.join(folder, b"bottom"), b"at the bottom\n")

    def add_many(self, folder):
        folder = os.path.join(folder, b"many")
        if not os.path.lexists(folder):
            os.mkdir(folder)
            self.folders.append(folder)
            for number in range(self.rng.choice([300, 2000])):
                with open(os.path.join(folder, b"%d" % number), "wb") as file:
                    file.write(b"%d" % number)

    def dress(self, path):
        """A mode, an owner, a time and attributes for what is no folder."""
        rng = self.rng
        is_link = os.path.islink(path)
        if rng.random() < 0.4:
            os.lchown(path, *rng.choice(OWNERS))
        if not is_link:
            os.chmod(path, rng.choice(FILE_MODES))
        if self.has_attributes and os.path.isfile(path) and not is_link and rng.random() < 0.4:
            self.add_attributes(path)
        time = int(rng.choice(TIMES) * 1_000_000_000)
        os.utime(path, ns=(time, time), follow_symlinks=False)

    def add_attributes(self, path):
        rng = self.rng
        for _ in range(rng.randint(1, 2)):
            # Not empty: such a record of pax means for Go that there is none.
            value = rng.choice([b"v", b"two\nlines", rng.randbytes(100)])
            os.setxattr(path, rng.choice(self.attributes), value)
        if rng.random() < 0.3:
            os.setxattr(path, "system.posix_acl_access", ACCESS_LIST)
        if os.path.isfile(path) and rng.random() < 0.3:
            os.setxattr(path, "security.capability", CAPABILITY)
        if os.path.isdir(path) and rng.random() < 0.5:
            os.setxattr(path, "system.posix_acl_default", DEFAULT_LIST)

    def dress_folders(self):
        """Modes and times come last, the deepest first."""
        rng = self.rng
        for path in sorted(self.folders, key=len, reverse=True):
            if rng.random() < 0.3:
                os.chown(path, *rng.choice(OWNERS))
            os.chmod(path, rng.choice(FOLDER_MODES))
            if self.has_attributes and rng.random() < 0.2:
                self.add_attributes(path)
            time = int(rng.choice(TIMES) * 1_000_000_000)
            os.utime(path, ns=(time, time))


def change(rng, folder):
    """Changes a few things below a folder, as an edit between two builds does."""
    root = os.fsencode(folder)
    paths = [os.path.join(above, found) for above, folders, files in os.walk(root) for found in files]
    for path in rng.sample(sorted(paths), min(len(paths), 3)):
        roll = rng.random()
        if not os.path.lexists(path) or os.path.islink(path) or not os.path.isfile(path):
            continue
        status = os.lstat(path)
        if roll < 0.4 and status.st_size:
            # The same size, and the same time: only the change time tells.
            with open(path, "r+b") as file:
                file.write(rng.randbytes(min(status.st_size, 8)))
            os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
        elif roll < 0.6:
            os.chmod(path, rng.choice(FILE_MODES))
        elif roll < 0.8:
            os.unlink(path)
        else:
            os.rename(path, path[:200] + b"-moved")
