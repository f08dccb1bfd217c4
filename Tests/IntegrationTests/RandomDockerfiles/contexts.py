"""Random contexts: files, links, archives and a .dockerignore."""
import bz2
import gzip
import lzma
import os
import re

from archives import FILE_MODES, FOLDER_MODES, content, make_tar
from ignoring import IgnoreRules, expected_context

PLAIN_NAMES = [
    "a.txt", "b.txt", "c", "data.bin", "run.sh", "lib.so.1", "Makefile", "UPPER", ".hidden", "long-name_with.parts",
    "dot.", "..two", "x.o", "y.o", "conf.d", "etc", "src",
]
# Names that are said in JSON alone, or come along in folders.
ODD_NAMES = [
    "x y", "ünï", "名前", "-dash", "semi;colon", "quo'te", "hash#", "tilde~", "comma,", "eq=ual", "per%41", "at@", "plus+",
    "e\u0301", "(paren)", "amp&", "do\"uble",
]
# Names with characters that patterns, variables or escapes mean something by: they come along in folders alone.
WILD_NAMES = ["br[a]ck", "star*", "q?m", "$dollar", "back\\slash", "{brace}", "tab\there"]
FOLDER_NAMES = ["d", "e", "inner", "sub", "conf.d", "src", "d d", "ö", "deep"]


def can_be_named(path):
    """True where a Dockerfile can name it without quotes and patterns."""
    return not re.search(r"[][*?\\$\t{}\"']", path)


class Tree:
    """Names of files and folders that are there, as far as the generator knows: a guess is enough."""

    def __init__(self):
        self.kinds = {}

    def add(self, path, kind):
        path = "/" + path.strip("/")
        parts = path.split("/")
        for end in range(2, len(parts)):
            self.kinds.setdefault("/".join(parts[:end]), "d")
        if path != "/":
            self.kinds[path] = kind

    def paths(self, *kinds):
        return sorted(p for p, k in self.kinds.items() if k in kinds)

    def copy(self):
        other = Tree()
        other.kinds = dict(self.kinds)
        return other

    def add_contents(self, source, folder, target):
        """What comes along where the contents of a folder of `source` go to `target`."""
        self.add(target, "d")
        prefix = folder.rstrip("/") + "/"
        for path, kind in source.kinds.items():
            if path.startswith(prefix):
                self.add(target.rstrip("/") + "/" + path[len(prefix):], kind)


class Context:
    """A folder of random files, and what the generator knows of it."""

    def __init__(self, rng, folder, is_modern):
        self.rng = rng
        self.folder = folder
        self.is_modern = is_modern
        self.tree = Tree()
        self.tars = []
        self.ignore = []
        os.makedirs(folder)
        os.chmod(folder, 0o755)
        self.fill("", 0)
        while not self.tree.paths("f"):
            self.add_file("a.txt")
        self.add_links()
        self.add_tars()
        if rng.random() < (0.5 if is_modern else 0.3):
            self.add_ignore()
        kept, _ = expected_context(folder, IgnoreRules(self.ignore))
        self.kept = {os.fsdecode(path) for path in kept}
        # Folders get their modes last, deepest first.
        for path, mode in sorted(self.folder_modes.items(), reverse=True):
            os.chmod(path, mode)

    def place(self, path):
        return os.path.join(self.folder, path.lstrip("/"))

    def name(self, names):
        roll = self.rng.random()
        if roll < 0.72:
            return self.rng.choice(names)
        return self.rng.choice(ODD_NAMES if roll < 0.92 else WILD_NAMES)

    folder_modes = None

    def fill(self, path, depth):
        rng = self.rng
        if self.folder_modes is None:
            self.folder_modes = {}
        for _ in range(rng.randint(0 if depth else 2, 4)):
            name = self.name(PLAIN_NAMES)
            if f"{path}/{name}" not in self.tree.kinds:
                self.add_file(f"{path}/{name}")
        for _ in range(rng.randint(1 if not depth else 0, 3 - depth if depth < 3 else 0)):
            name = self.name(FOLDER_NAMES)
            inner = f"{path}/{name}"
            if inner in self.tree.kinds:
                continue
            os.mkdir(self.place(inner))
            self.tree.add(inner, "d")
            self.folder_modes[self.place(inner)] = rng.choice(FOLDER_MODES)
            # Some stay empty.
            if rng.random() < 0.85:
                self.fill(inner, depth + 1)

    def add_file(self, path):
        path = "/" + path.lstrip("/")
        with open(self.place(path), "wb") as file:
            file.write(content(self.rng))
        os.chmod(self.place(path), self.rng.choice(FILE_MODES))
        self.tree.add(path, "f")

    def add_links(self):
        rng = self.rng
        folders = [""] + self.tree.paths("d")
        files = self.tree.paths("f")
        for number in range(rng.randint(0, 3)):
            folder = rng.choice(folders)
            path = f"{folder}/link{number}"
            kind = rng.random()
            if kind < 0.4:
                target = os.path.relpath(rng.choice(files), folder or "/")
            elif kind < 0.6 and len(folders) > 1:
                target = os.path.relpath(rng.choice(folders[1:]), folder or "/")
            elif kind < 0.75:
                target = rng.choice(files + folders[1:])
            elif kind < 0.8:
                target = rng.choice(["nowhere", "/nowhere/at/all", "../../../up"])
            else:
                target = "."
            os.symlink(target, self.place(path))
            self.tree.add(path, "l")
        for number in range(rng.choice([0, 0, 1, 2])):
            path = f"{rng.choice(folders)}/hard{number}"
            os.link(self.place(rng.choice(files)), self.place(path))
            self.tree.add(path, "f")

    def add_tars(self):
        rng = self.rng
        if rng.random() < 0.15:
            # Nothing of this is unpacked.
            path = rng.choice([""] + self.tree.paths("d")) + rng.choice(["/no.tar", "/no.gz", "/no.bin"])
            with open(self.place(path), "wb") as file:
                file.write(rng.choice([bytes(1024), gzip.compress(b"text", mtime=0), gzip.compress(b"", mtime=0), b"BZh9"]))
            os.chmod(self.place(path), 0o644)
            self.tree.add(path, "f")
        for number in range(rng.choice([0, 0, 1, 1, 2])):
            data = make_tar(rng)
            kind = rng.choice(["tar", "tar", "gz", "bz2", "xz"])
            if kind == "gz":
                data = gzip.compress(data, mtime=0)
            elif kind == "bz2":
                data = bz2.compress(data)
            elif kind == "xz":
                data = lzma.compress(data)
            suffix = {"tar": ".tar"}.get(kind, f".tar.{kind}") if rng.random() < 0.8 else ".bin"
            path = f"{rng.choice([''] + self.tree.paths('d'))}/pack{number}{suffix}"
            with open(self.place(path), "wb") as file:
                file.write(data)
            os.chmod(self.place(path), 0o644)
            self.tree.add(path, "f")
            self.tars.append(path)

    def add_ignore(self):
        rng = self.rng
        # buildah takes some characters for those of regular expressions.
        avoided = r"[][*?\\!#$]" if self.is_modern else r"[][*?\\!#$+(){}|^]"
        paths = [p.lstrip("/") for p in self.tree.paths("d", "f", "l") if not re.search(avoided, p)]
        lines = []
        for _ in range(rng.randint(1, 4)):
            path = rng.choice(paths)
            name = os.path.basename(path)
            line = rng.choice([
                path, "/" + path, path + "/", "**/" + name, name, "*.o", "**/*.o", "**/" + name[:1] + "*",
                os.path.dirname(path) + "/*" if "/" in path else name + "/*", "./" + path, path + "/**", "*/" + name,
                ("**" if self.is_modern else "*") + name[-2:],
            ])
            if rng.random() < 0.3 and (self.is_modern or self.tree.kinds.get("/" + path) != "d" and "*" not in line):
                # buildah takes an exception for a folder for one of all that is in it.
                line = "!" + line
            lines.append(line)
            # An exception inside what the line keeps out.
            inside = [p for p in paths if p.startswith(path + "/")]
            if inside and rng.random() < 0.4:
                lines.append("!" + rng.choice(inside))
        if rng.random() < 0.3:
            lines.insert(rng.randrange(len(lines) + 1), rng.choice(["# a comment", "", "   "]))
        if not self.is_modern:
            rules = IgnoreRules(lines)
            kept = {os.fsdecode(path) for path in expected_context(self.folder, rules)[0]}
            if any(rules.is_out_for_old_tools(path[1:]) == (path in kept) for path in self.tree.paths("f", "l")):
                lines = [line for line in lines if not line.startswith("!")]
        self.ignore = lines
        with open(os.path.join(self.folder, ".dockerignore"), "w") as file:
            file.write("\n".join(lines) + "\n")

    def usable_tars(self):
        """The archives that a Dockerfile can name."""
        return [t for t in self.tars if can_be_named(t) and t in self.kept]
