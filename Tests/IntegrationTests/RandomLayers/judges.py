"""Builds a random image.yaml, and asks each judge."""
import os
import re
import shutil
import subprocess
import sys
import tarfile

from comparison import differences, shown, tree
from contents import CannotUnpack
from expectation import Expectation, Unsaid
from images import Image
from judging import Judge
from layers import folder_times, repeated_names
from tars import must_refuse
from trees import change

# How caasctl says that an archive is none for a layer.
REFUSALS = [
    r"is an absolute path", r"leads out of the (archive|image) by '\.\.'", r"mean removals in a layer", r"is a device",
    r"lies behind the (link|file)", r"is a link to a (file that does not come before it|folder)",
    r"which it holds again later",
]


def without_lists(found):
    """A tree without access lists, which containers/storage 1.28 does not restore, and umoci does."""
    entries, groups = found
    return {path: re.sub(r" system\.posix_acl_\w+=\w+", "", entry) for path, entry in entries.items()}, groups


def inheriting(wanted):
    """Says of two folders whether tar only left the bit that the kernel gives to one in a set-group-ID folder."""

    def is_known(path, ours, theirs):
        a, b = ours.split(" "), theirs.split(" ")
        if a[0] != "folder" or b[0] != "folder" or a[2:] != b[2:] or int(a[1], 8) | 0o2000 != int(b[1], 8):
            return False
        while path := os.path.dirname(path).rstrip(b"/"):
            above = wanted.get(path, "").split(" ")
            if above[0] == "folder" and int(above[1], 8) & 0o2000:
                return True
        return False

    return is_known


class LayerJudge(Judge):
    looks_closely = True

    def judge(self, rng, seed, folder):
        base = self.base_tree()
        image = Image(rng, os.path.join(folder, "image"), self.base)
        layout = os.path.join(folder, "ours")

        def build(layout, flags=(), home=None, source=image.folder):
            return self.caasctl(["build", source, "--no-git", *flags, "--output", f"oci:{layout}:1"], home)

        code, digest, errors = build(layout)
        reasons = [self.reason(layer) for layer in image.layers]
        if code != 0:
            is_known = code == 1 and any(reasons) and any(re.search(p, errors) for p in REFUSALS)
            return [] if is_known else [f"caasctl ends with {code}: {errors.strip()[-400:]}"], "refused"
        if any(reasons):
            return [f"an archive is taken that {reason}" for reason in reasons if reason], "refused"
        try:
            lines = self.judge_image(image, folder, layout, base)
        except Unsaid:
            return [], "with a file in the place of /lib"
        digest = digest.strip()
        flags, home, source = [], None, image.folder
        if seed % 3 == 0:
            # Elsewhere, with the same times; nothing of it is in a cache.
            source = os.path.join(folder, "elsewhere", "image")
            os.mkdir(os.path.dirname(source))
            subprocess.run(["cp", "-a", image.folder, source], check=True)
            flags = ["--no-cache", "--jobs", "1"]
            if not any(layer.kind == "python" for layer in image.layers):
                home = os.path.join(folder, "home")
        again = self.succeed(build(layout + "2", flags, home, source), "the second caasctl build")
        if again != digest:
            lines.append(f"the second build gives {again}, the first {digest}" + (" (elsewhere)" if flags else ""))
        sources = [layer for layer in image.layers if layer.kind == "files"]
        if sources and seed % 5 == 0 and not lines:
            # What is known of the files by now must not hide what changes.
            change(rng, image.place(rng.choice(sources).fields["from"]))
            self.succeed(build(layout + "3"), "caasctl build of the changed files")
            lines += [f"after a change: {line}" for line in self.judge_image(image, folder, layout + "3", base)]
        return lines, "on a base" if image.has_base else "from scratch"

    def judge_image(self, image, folder, layout, base):
        shutil.rmtree(os.path.join(folder, "expected"), ignore_errors=True)
        lines, expected = [], None
        try:
            expected = Expectation(image, folder, base)
        except CannotUnpack as failure:
            lines.append(f"no program unpacks it: {failure}")
        ours = self.unpacked(layout, "bundle")
        lines += differences(without_lists(ours), without_lists(self.pulled(layout)), "umoci", "containers/storage")
        code, output, errors = self.caasctl(["image", "verify", f"oci:{layout}:1"])
        if code != 0 or not re.search("^valid:", output, re.MULTILINE):
            lines.append(f"caasctl verify: {(output + errors).strip()[-300:]}")
        layers = self.layers(layout)
        lines += [f"a layer has {shown(name)} twice" for blob in layers for name in repeated_names(blob)]
        if expected is None:
            return lines
        wanted = tree(expected.root, True)
        ours = self.without_bytecode(ours, expected, lines)
        is_divided = any("split" in layer.fields for layer in image.layers)
        lines += differences(
            ours, wanted, "caasctl", "expected", may_divide=is_divided, is_known=inheriting(wanted[0]))
        times = folder_times(layers)
        for path, time in sorted(expected.folder_times.items()):
            if os.path.isdir(os.fsencode(expected.root) + path) and times.get(path) != time and time is not None:
                lines.append(f"{shown(path)}: the folder is of {times.get(path)}, expected {time}")
        return lines

    @staticmethod
    def reason(layer):
        members = layer.members
        if members is None:
            if layer.kind != "archive" or layer.is_zip:
                return None
            with tarfile.open(layer.plain) as tar:
                members = [(os.fsencode(m.name), m.type, os.fsencode(m.linkname)) for m in tar]
            # Of what a tool wrote by itself only a link can be too much.
            members = [member for member in members if member[1] == tarfile.SYMTYPE]
        depth = len([name for name in layer.into.split("/") if name])
        return must_refuse(members, depth, layer.fields.get("privileged", False))

    def base_tree(self):
        """The base as a tree, for what an image on it must hold."""
        place = os.path.join(self.work, "bundle-of-base")
        if not os.path.exists(place):
            self.succeed(self.command(["umoci", "unpack", "--image", f"{self.base}:1", place]), "umoci unpack")
        return os.path.join(place, "rootfs")

    def layers(self, layout):
        index = self.json(os.path.join(layout, "index.json"))
        manifest = self.blob(layout, index["manifests"][0]["digest"])
        return [os.path.join(layout, "blobs/sha256", layer["digest"].split(":")[1]) for layer in manifest["layers"]]

    @staticmethod
    def without_bytecode(ours, expected, lines):
        """The tree without the bytecode of a `python` layer, of which there must be as much as there are modules."""
        entries, groups = ours
        left = dict(entries)
        for path in expected.modules:
            folder, name = os.path.split(path)
            compiled = folder + b"/__pycache__/" + name[:-3] + f".{sys.implementation.cache_tag}.pyc".encode()
            left.pop(folder + b"/__pycache__", None)
            if left.pop(compiled, None) is None and os.path.exists(os.fsencode(expected.root) + path):
                lines.append(f"{shown(compiled)}: there is no bytecode")
        return left, groups
