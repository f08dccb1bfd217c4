"""Random image.yaml files with what they take in."""
import json
import os
import re
import sys

from names import COMMON_NAMES, OWNERS
from tars import compress, pack_tree, write_entries
from trees import RandomTree
from wheels import Wheel
from zips import pack_zip, write_zip

PLACES = [
    "/", "/", "/opt/app", "/opt/app", "/opt", "/data", "/srv/app/data", "/srv/app", "/usr/local", "/usr/lib/x", "/tmp", "/root",
    "/var/tmp/x", "/opt/app/d", "/x y/é", "/a/b/c/d", "/home/app", "/lib/x", "/it's \"q\"",
]
SCRATCH = "scratch"


class Layer:
    """One layer of an image.yaml: its kind, its fields, and what the generator knows of its source."""

    def __init__(self, kind, fields):
        self.kind = kind
        self.fields = fields
        # The entries of a tar that Python wrote, by which its refusal can be foretold.
        self.members = None
        self.is_zip = False
        # The archive without its compression.
        self.plain = None
        self.wheels = []

    @property
    def into(self):
        return os.path.normpath(self.fields["into"])


class Image:
    def __init__(self, rng, folder, base):
        self.rng = rng
        self.folder = folder
        self.scratch = os.path.join(os.path.dirname(folder), "scratch")
        os.makedirs(folder)
        self.has_base = rng.random() < 0.3
        self.layers = []
        # The more, the more likely an archive that must be refused.
        self.odd = rng.choice([0, 0, 0, 0.4])
        for index in range(rng.choice([1, 2, 2, 3, 3, 4, 5])):
            roll = rng.random()
            if roll < 0.04 and self.layers:
                self.layers.append(rng.choice(self.layers))
            elif roll < 0.5:
                self.layers.append(self.files(index))
            elif roll < 0.98 or any(l.kind == "python" for l in self.layers):
                self.layers.append(self.archive(index))
            else:
                self.layers.append(self.python(index))
        document = {"name": "random", "base": f"oci:{base}:1" if self.has_base else SCRATCH}
        document["layers"] = [{layer.kind: layer.fields} for layer in self.layers]
        # JSON is YAML; what begins with `${` is a variable, and `$${` stands for it.
        with open(os.path.join(folder, "image.yaml"), "w") as file:
            file.write(json.dumps(document, ensure_ascii=False, indent=1).replace("${", "$${"))

    def place(self, name):
        return os.path.join(self.folder, name)

    def files(self, index):
        rng = self.rng
        fields = {"from": f"tree{index}", "into": rng.choice(PLACES)}
        if rng.random() < 0.15:
            fields["from"] = rng.choice([f"tree {index} é", f"./tree{index}/", f"$x{index}"])
        keeps = rng.random() < 0.4
        RandomTree(
            rng, self.place(fields["from"]), has_specials=rng.random() < 0.3, has_attributes=rng.random() < 0.4,
            most=rng.choice([12, 12, 40]))
        if rng.random() < 0.1:
            plain = [e.name for e in os.scandir(self.place(fields["from"])) if e.is_file(follow_symlinks=False)]
            plain = sorted(n for n in plain if re.fullmatch(r"[\w. -]+", n) and n.isascii() and n == n.strip())
            if plain:
                fields["from"] += "/" + rng.choice(plain)
        elif rng.random() < 0.08:
            os.symlink(os.path.basename(os.path.normpath(fields["from"])), self.place(f"link{index}"))
            fields["from"] = f"link{index}"
        if rng.random() < 0.3:
            fields["owner"] = "keep" if keeps else "%d:%d" % rng.choice(OWNERS)
        if rng.random() < 0.35:
            fields["mode"] = "keep" if keeps else rng.choice(["0644", "600", "4755", "0000"])
        if rng.random() < 0.25:
            fields["mtime"] = rng.choice(["keep", "keep", "epoch"])
        if rng.random() < 0.3:
            fields["privileged"] = rng.random() < 0.8
        if rng.random() < 0.2:
            fields["split"] = rng.choice(["1MiB", "1MiB", "none", "2MiB"])
        if rng.random() < 0.3:
            fields["exclude"] = self.patterns()
        if os.path.isdir(self.place(fields["from"])) and rng.random() < 0.15:
            where = os.path.join(self.place(fields["from"]), ".dockerignore")
            if rng.random() < 0.4:
                where = self.place(f"ignored{index}")
                fields["exclude_file"] = f"ignored{index}"
            with open(where, "w") as file:
                file.write("# a comment\n\n" + "\n".join(self.patterns()) + "\n")
        elif rng.random() < 0.05:
            fields["exclude_file"] = "none"
        return Layer("files", fields)

    def patterns(self):
        rng = self.rng
        patterns = []
        for _ in range(rng.randint(1, 3)):
            name = rng.choice(COMMON_NAMES).decode()
            patterns.append(rng.choice([
                name, "/" + name, name + "/*", "**/" + name, "*." + name[-1], "**/*.o", "?", "*", "d/**", "**/?.*", "[a-c]*",
                "**/caf?", "many/1*",
            ]))
            if rng.random() < 0.3:
                patterns.append("!" + rng.choice([name, "**/x", "d/x", "*.txt", "app/d"]))
        return patterns

    def archive(self, index):
        rng = self.rng
        path = self.place(f"pack{index}.bin" if rng.random() < 0.2 else f"pack{index}.tar")
        layer = Layer("archive", {"into": rng.choice(PLACES)})
        scratch = f"{self.scratch}{index}"
        os.makedirs(scratch)
        roll = rng.random()
        if roll < 0.2:
            zipped = path.removesuffix(".tar") + ".zip"
            layer.is_zip = pack_zip(rng, zipped, scratch) if rng.random() < 0.5 else write_zip(rng, zipped)
            path = zipped if layer.is_zip else path
        is_made = layer.is_zip or 0.2 <= roll < 0.65 and pack_tree(rng, path, scratch)
        if not is_made:
            layer.members = write_entries(rng, path, self.odd)
        layer.plain = path
        if not layer.is_zip:
            layer.plain = scratch + ".tar"
            path = compress(rng, path, layer.plain)
        layer.fields["from"] = os.path.basename(path)
        if rng.random() < 0.25:
            layer.fields["owner"] = "%d:%d" % rng.choice(OWNERS)
        if rng.random() < 0.1 or layer.members is None and not layer.is_zip:
            # Trees have devices.
            layer.fields["privileged"] = True
        return layer

    def python(self, index):
        rng = self.rng
        layer = Layer("python", {
            "requirements": f"requirements{index}.txt", "into": rng.choice(["/opt/site", "/opt/app", "/usr/lib/site é"]),
            "version": f"{sys.version_info[0]}.{sys.version_info[1]}",
        })
        if rng.random() < 0.3:
            layer.fields["interpreter"] = "/opt/python/bin/python3"
        wheels = self.place(f"wheels{index}")
        os.makedirs(wheels)
        layer.wheels = [Wheel(rng, "needed")]
        layer.wheels.append(Wheel(rng, "asked", needs=["needed"]))
        if rng.random() < 0.5:
            layer.wheels.append(Wheel(rng, "other_one"))
        for wheel in layer.wheels:
            wheel.write(wheels)
        asked = ["asked"] + ["other-one>=0"] * (len(layer.wheels) > 2)
        with open(self.place(layer.fields["requirements"]), "w") as file:
            file.write("\n".join(["--no-index", f"--find-links wheels{index}", *asked]) + "\n")
        return layer
