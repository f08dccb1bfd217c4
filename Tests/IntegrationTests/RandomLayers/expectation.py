"""What an image must hold: the pieces of its layers, laid over each other by the rules of the image specification."""
import os
import shutil
import stat

from contents import archive_piece, files_piece, python_piece
from ignoring import IgnoreRules
from pieces import Attributes, Piece


class Unsaid(Exception):
    """A layer says nothing of /lib or the like, whose place something else has in the layers below."""


class Expectation:
    """A folder with what an image of some layers must hold, made in `folder`; the base is a tree that is copied."""

    def __init__(self, image, folder, base):
        self.root = os.path.join(folder, "expected")
        self.folder_times = {}
        # Modules of which there must be bytecode, with what they hold.
        self.modules = {}
        # What `files` layers say of folders, for those above them.
        known = {}
        if image.has_base:
            shutil.copytree(base, self.root, symlinks=True)
            keep_owners(base, self.root)
        else:
            os.makedirs(self.root)
        for index, layer in enumerate(image.layers):
            piece = Piece(os.path.join(folder, f"piece{index}"), image.has_base or index > 0)
            if layer.kind == "files":
                source = os.path.normpath(image.place(layer.fields["from"]))
                files_piece(piece, layer, source, rules_of(layer, source, image), known)
                for path in piece.described:
                    known[path] = Attributes(piece.place(path), piece.times[path])
            elif layer.kind == "archive":
                archive_piece(piece, layer, known)
            else:
                self.modules |= python_piece(piece, layer, known)
            self.lay(piece)
            shutil.rmtree(piece.root)

    def lay(self, piece):
        root = os.fsencode(self.root)
        for path, status in list(piece.paths()):
            source, target = piece.place(path), self.resolved(root, path, piece)
            is_folder = stat.S_ISDIR(status.st_mode)
            there = os.lstat(target) if os.path.lexists(target) else None
            if not is_folder:
                if there is not None:
                    remove(target, there)
                # The names of one file stay names of one file.
                os.rename(source, target)
                continue
            if not piece.has_entry(path):
                # What is below it goes where the image has it, also behind a link.
                if not os.path.isdir(self.resolved(root, path + b"/x", piece)[:-2]) and there is not None:
                    raise Unsaid(path)
                if there is None and os.listdir(source):
                    os.mkdir(target, 0o755)
                continue
            if there is not None and not stat.S_ISDIR(there.st_mode):
                remove(target, there)
                there = None
            if there is None:
                os.mkdir(target)
            Attributes(source, 0).apply(target)
            self.folder_times[path] = piece.times.get(path)

    @staticmethod
    def resolved(root, path, piece):
        """Where an entry goes: behind a link of those below only where the layer says nothing of the folder."""
        parts = path.split(b"/")
        for end in range(2, len(parts)):
            above = b"/".join(parts[:end])
            if not piece.has_entry(above) and os.path.islink(root + above):
                target = os.readlink(root + above)
                target = target if target.startswith(b"/") else os.path.dirname(above) + b"/" + target
                return root + os.path.normpath(target) + b"/" + b"/".join(parts[end:])
        return root + path


def remove(path, status):
    shutil.rmtree(path) if stat.S_ISDIR(status.st_mode) else os.unlink(path)


def keep_owners(source, target):
    """The owners that copytree does not copy, and the modes that a change of the owner takes bits from."""
    for folder, folders, files in os.walk(source):
        for name in folders + files:
            path = os.path.join(folder, name)
            status = os.lstat(path)
            other = os.path.join(target, os.path.relpath(path, source))
            os.lchown(other, status.st_uid, status.st_gid)
            if not stat.S_ISLNK(status.st_mode):
                os.chmod(other, stat.S_IMODE(status.st_mode))


def rules_of(layer, source, image):
    """The lines of the file of patterns come first, and those of the layer after them."""
    lines = []
    file = layer.fields.get("exclude_file")
    path = image.place(file) if file else os.path.join(source, ".dockerignore")
    if file != "none" and os.path.isfile(path):
        with open(path, encoding="utf-8", errors="surrogateescape") as opened:
            lines = opened.read().split("\n")
    # A line of the layer that begins with `#` is no comment, and there is none here.
    return IgnoreRules(lines + layer.fields.get("exclude", []))
