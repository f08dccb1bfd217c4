"""Sources, destinations, owners and modes of COPY and ADD, as a Dockerfile says them."""
import json
import os
import re

from contexts import can_be_named

# What no instruction touches: the points where buildah mounts something, and the commands of the base.
SYSTEM_FOLDERS = r"/(dev|proc|sys|bin|run)(/|$)"


class Words:
    def __init__(self, rng, context, is_modern):
        self.rng = rng
        self.context = context
        self.is_modern = is_modern

    def spell(self, words):
        """Words of COPY and ADD, as a line or as JSON."""
        if any(re.search(r"\s|[\"'\\]", w) or w.startswith("#") for w in words) or self.rng.random() < 0.12:
            return json.dumps(words, ensure_ascii=False)
        return " ".join(words)

    def pattern(self, path):
        """A pattern that fits a path."""
        rng = self.rng
        parts = path.strip("/").split("/")
        at = rng.randrange(len(parts)) if rng.random() < 0.3 else len(parts) - 1
        name = parts[at]
        roll = rng.random()
        if roll < 0.3 or len(name) < 2:
            name = "*"
        elif roll < 0.5:
            name = name[:1] + "*"
        elif roll < 0.65:
            name = "*" + name[-2:]
        elif roll < 0.8:
            name = name[:1] + "?" + name[2:]
        elif re.match(r"[a-z]", name):
            name = f"[{name[0]}-{chr(min(ord(name[0]) + 2, ord('z')))}]{name[1:]}"
        parts[at] = name
        return "/".join(parts)

    def sources(self, tree, is_context):
        """What to copy, and what of it is a folder: None where that is unknown."""
        rng = self.rng
        paths = [p for p in tree.paths("d", "f", "l") if can_be_named(p)]
        if is_context:
            # What the .dockerignore keeps out fails where it is named; a pattern or a folder above it does not.
            paths = [p for p in paths if p in self.context.kept or rng.random() < 0.01]
        else:
            paths = [p for p in paths if not re.match(SYSTEM_FOLDERS, p)]
        files = [p for p in paths if tree.kinds[p] == "f"]
        folders = [p for p in paths if tree.kinds[p] == "d"]
        roll = rng.random()
        if roll < 0.015:
            return ["missing"], "f"
        if roll < 0.35 and folders:
            path = rng.choice(folders)
            return [path], "d"
        if roll < 0.42 and is_context:
            return [rng.choice([".", "./", "/"])], "d"
        if roll < 0.6 and paths:
            return [self.pattern(rng.choice(paths))], None
        if roll < 0.75 and len(paths) > 1:
            return rng.sample(paths, min(len(paths), rng.randint(2, 3))), None
        if files:
            return [rng.choice(files)], "f"
        if paths:
            return [rng.choice(paths)], None
        return ["."] if is_context else ["/"], "d"

    def written(self, path, is_context):
        """One of the ways to write the path of a source."""
        rng = self.rng
        path = path.lstrip("/") or "."
        roll = rng.random()
        if path in (".", "./", "/") or not is_context and path == ".":
            return path if is_context else "/"
        if not is_context:
            return path if roll < 0.3 else "/" + path
        if roll < 0.08:
            return "/" + path
        if roll < 0.16:
            return "./" + path
        if roll < 0.2:
            return "../" + path
        return path

    def destination(self, stage, must_be_folder, is_folder):
        """Where to copy: mostly what is new, else folders that are there, links, files that are to be replaced."""
        rng = self.rng
        folders = [p for p in stage.tree.paths("d") if can_be_named(p)]
        folders = [p for p in folders if not re.match(SYSTEM_FOLDERS, p)]
        files = [p for p in stage.tree.paths("f") if can_be_named(p) and not re.match(r"/(bin|etc)/", p)]
        links = [p for p in stage.tree.paths("l") if can_be_named(p)]
        roll = rng.random()
        if roll < 0.3:
            path = rng.choice(["/new", "/n/e/w", "/opt/app", "/x y/z", "/ü", "/out"])
        elif roll < 0.45 and folders:
            path = rng.choice(folders)
        elif roll < 0.55 and folders:
            path = rng.choice(folders) + "/" + rng.choice(["more", "n", "a.txt", "d"])
        elif roll < 0.63 and files and not must_be_folder and not is_folder:
            path = rng.choice(files)
        elif roll < 0.7 and links:
            # A single file to a link that leads nowhere: see the list of what buildah does otherwise.
            path = rng.choice(links) + rng.choice(["", "/", "/in"] if must_be_folder or is_folder else ["/", "/in"])
        elif roll < 0.8:
            path = rng.choice([".", "./", "rel", "rel/r2", "../up", "./x"])
        else:
            path = "/"
        if path != "/" and not path.endswith("/") and (must_be_folder or rng.random() < 0.35):
            path += "/"
        if rng.random() < 0.12:
            names = sorted(n for n, value in stage.variables.items() if value and re.fullmatch(r"[a-z0-9/]+", value))
            if names:
                name = rng.choice(names)
                path = path.rstrip("/") + "/" + rng.choice([f"${name}", f"${{{name}}}", f"${{{name}:-none}}"])
                if must_be_folder:
                    path += "/"
        return path

    def absolute(self, stage, path):
        return os.path.normpath(os.path.join(stage.workdir, re.sub(r"\$\{?(\w+).*", r"\1", path)))

    def owner(self, stage):
        rng = self.rng
        roll = rng.random()
        if roll > 0.25:
            return []
        if stage.on_base and roll < 0.15:
            return ["--chown=" + rng.choice(["app", "app:staff", "root:app", "1000", "app:50", "7:app", "other:other"])]
        return ["--chown=" + rng.choice(["7", "7:8", "1000:1001", "0:0", "65534:65534"])]

    def mode(self):
        rng = self.rng
        if rng.random() > 0.15:
            return [], []
        if self.is_modern and rng.random() < 0.5:
            # What sets every bit is the same as a number.
            text, number = rng.choice([
                ("u=rw,g=r,o=", "640"), ("a=rx", "555"), ("u=rwx,go=rx", "755"), ("ugo=r", "444"),
                ("u+x", None), ("go-w", None), ("a+rX", None), ("u=rwX,go=rX", None), ("g=u", None),
            ])
            return [f"--chmod={text}"], [f"--chmod={number}"] if number else None
        flag = ["--chmod=" + rng.choice(["644", "755", "0600", "4755", "1777", "700", "0o640"[2:], "2750"])]
        return flag, flag
