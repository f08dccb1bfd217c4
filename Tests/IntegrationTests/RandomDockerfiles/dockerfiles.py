"""Random Dockerfiles for a context."""
import json
import os
import re

from contexts import Tree, can_be_named

BASE_LINKS = {"/lib": "/usr/lib", "/data": "/var/data"}
BASE_FOLDERS = [
    "bin", "dev", "etc", "home", "home/app", "mnt", "proc", "run", "sys", "tmp", "usr", "usr/lib", "var", "var/data", "opt",
    "srv/www",
]
BASE_FILES = ["etc/issue", "etc/hosts", "etc/hostname", "etc/resolv.conf", "usr/lib/x", "opt/tool", "srv/www/index"]
COMMANDS = ["cat", "chmod", "chown", "cp", "echo", "find", "id", "ln", "ls", "mkdir", "mv", "rm", "rmdir", "sh", "touch"]


class Stage:
    def __init__(self, name, index):
        self.name = name
        self.index = index
        self.tree = Tree()
        self.workdir = "/"
        self.has_shell = False
        self.user = None
        self.variables = {}
        self.lines = []
        self.has_arguments = False


class Dockerfile:
    """The text, the arguments, and what judges are possible."""

    def __init__(self, rng, context, is_modern):
        self.rng = rng
        self.context = context
        # True with features that buildah lacks.
        self.is_modern = is_modern
        self.build_arguments = []
        self.uses_base = False
        self.stages = []
        self.head = []
        # Lines that say the same by older instructions, by their numbers in the text.
        self.plain = []
        self.steps = 0
        count = rng.choice([1, 1, 1, 2, 2, 3, 4])
        if rng.random() < 0.25:
            self.head.append("ARG TAIL=tail")
            if rng.random() < 0.5:
                self.build_arguments.append("TAIL=given")
        for index in range(count):
            self.add_stage(index, is_last=index == count - 1)
        self.lines = ["ARG BASE"] * self.uses_base + self.head
        for stage in self.stages:
            self.lines += stage.lines
        if self.uses_base:
            self.build_arguments.append("BASE=@BASE@")

    def text(self, plain=False):
        """The Dockerfile, or the one that says the same by older instructions; None where there is none."""
        lines = []
        for line in self.lines:
            if isinstance(line, tuple):
                line = line[1 if plain else 0]
                if line is None:
                    return None
            lines.append(line)
        return "\n".join(lines) + "\n"

    @property
    def has_plain(self):
        return self.is_modern and any(isinstance(l, tuple) for l in self.lines) and self.text(True) is not None

    # -- stages

    def add_stage(self, index, is_last):
        rng = self.rng
        stage = Stage(rng.choice([None, f"s{index}", f"Stage{index}"]), index)
        roll = rng.random()
        if self.stages and roll < 0.4:
            below = rng.choice(self.stages)
            # For buildah an ARG ends with its stage, and a stage is found by its name as it is written.
            if below.name is None or below.has_arguments and not self.is_modern:
                below = None
        else:
            below = None
        if below is not None:
            stage.lines.append(f"FROM {below.name.lower() if self.is_modern and rng.random() < 0.3 else below.name}")
            stage.tree = below.tree.copy()
            stage.workdir, stage.user, stage.has_shell = below.workdir, below.user, below.has_shell
            stage.variables = dict(below.variables)
            stage.on_base = below.on_base
            stage.has_arguments = below.has_arguments
        elif roll < 0.7:
            stage.lines.append("FROM scratch")
            stage.on_base = False
        else:
            stage.lines.append(rng.choice(["FROM $BASE", "FROM ${BASE}"]))
            stage.on_base = self.uses_base = True
            for path in BASE_FOLDERS:
                stage.tree.add(path, "d")
            for path in BASE_FILES:
                stage.tree.add(path, "f")
            for path in BASE_LINKS:
                stage.tree.add(path, "l")
        if stage.name:
            stage.lines[-1] += rng.choice([" AS ", " as "]) + stage.name
        if any(line.startswith("ARG TAIL") for line in self.head) and rng.random() < 0.4:
            stage.lines.append(rng.choice(["ARG TAIL", "ARG TAIL=own"]))
            stage.variables["TAIL"] = None
            stage.has_arguments = True
        self.stages.append(stage)
        most = 5 if is_last else 2
        for _ in range(rng.randint(2 if is_last else 1, most)):
            self.add_instruction(stage)
        if not any(re.match(r"(COPY|ADD|RUN|WORKDIR)", l if isinstance(l, str) else l[0]) for l in stage.lines):
            self.copy(stage, "COPY")
        for _ in range(rng.choice([0, 0, 1, 2])):
            self.set_config(stage, is_last)

    def add_instruction(self, stage):
        rng = self.rng
        roll = rng.random()
        if self.steps > 5:
            return self.set_config(stage, False)
        if stage.on_base and roll < 0.28:
            self.run(stage)
        elif roll < 0.55:
            self.copy(stage, "COPY")
        elif roll < 0.65:
            self.copy(stage, "ADD")
        elif roll < 0.75 and self.context.tars:
            self.add_tar(stage)
        elif roll < 0.82:
            self.set_workdir(stage)
        elif roll < 0.86:
            self.set_user(stage)
        elif roll < 0.95:
            self.set_variable(stage)
        else:
            self.set_config(stage, False)

    # -- words

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
            paths = [p for p in paths if not re.match(r"/(dev|proc|sys|bin|run)(/|$)", p)]
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
        folders = [p for p in folders if not re.match(r"/(dev|proc|sys|bin|run)(/|$)", p)]
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
            path = rng.choice(links) + rng.choice(["", "/", "/in"])
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

    # -- instructions

    def copy(self, stage, name):
        rng = self.rng
        self.steps += 1
        tree, is_context, flags = self.context.tree, True, []
        others = [s for s in self.stages if s is not stage and s.tree.kinds]
        if name == "COPY" and others and rng.random() < 0.45:
            other = rng.choice(others)
            tree, is_context = other.tree, False
            flags.append("--from=" + (other.name if other.name and rng.random() < 0.7 else str(other.index)))
        if self.is_modern and name == "COPY" and rng.random() < 0.15:
            return self.copy_heredoc(stage)
        sources, kind = self.sources(tree, is_context)
        parents = exclude = False
        plain = []
        if self.is_modern:
            if name == "COPY" and rng.random() < 0.25:
                parents = True
                flags.append("--parents")
                if rng.random() < 0.3:
                    sources = [rng.choice(["**/*.txt", "*/*.o", "./**/inner", "**/a*", "d/./*"])]
            if rng.random() < 0.25:
                exclude = True
                flags += ["--exclude=" + rng.choice(["*.o", "**/*.txt", "d", "**/inner", "a*", "*"])
                          for _ in range(rng.randint(1, 2))]
            if rng.random() < 0.4:
                plain.append("--link")
        must = len(sources) > 1 or kind is None
        target = self.destination(stage, must, kind == "d")
        mode, plain_mode = self.mode()
        owner = self.owner(stage)
        if name == "ADD" and self.context.tars and not self.is_modern:
            # A pattern may fit an archive, for which buildah leaves them out.
            mode = plain_mode = owner = []
        spelled = self.spell([self.written(s, is_context) for s in sources] + [target])
        line = " ".join([name, *flags, *plain, *owner, *mode, spelled])
        if self.is_modern and (plain or mode != plain_mode):
            # --link does not look at what is there: it follows no link on the way, and finds no folder.
            is_blind = plain and (stage.tree.paths("l") or stage.on_base or not (kind == "d" or target.endswith("/")))
            same = plain_mode is not None and not is_blind
            stage.lines.append((line, " ".join([name, *flags, *owner, *plain_mode, spelled]) if same else None))
        else:
            stage.lines.append(line)
        self.note(stage, tree, sources, kind, target)

    def note(self, stage, tree, sources, kind, target):
        place = self.absolute(stage, target)
        for source in sources:
            path = "/" + source.strip("./")
            if kind == "d" or tree.kinds.get(path) == "d":
                stage.tree.add_contents(tree, path, place)
            elif re.search(r"[*?[]", source) or source == "missing":
                stage.tree.add(place, "d")
            elif target.endswith("/") or stage.tree.kinds.get(place) == "d" or place == "/":
                stage.tree.add(place + "/" + os.path.basename(path), "f")
            else:
                stage.tree.add(place, "f")

    def copy_heredoc(self, stage):
        rng = self.rng
        names = rng.sample(["one.txt", "two", "x.sh"], rng.randint(1, 2))
        target = self.destination(stage, len(names) > 1, False)
        marks = [rng.choice(["{}", "'{}'", "-{}"]).format(n) for n in names]
        target = target.replace(" ", "-")
        lines = [f"COPY {' '.join('<<' + m for m in marks)} {target}"]
        for name, mark in zip(names, marks):
            for _ in range(rng.randint(0, 3)):
                lines.append(("\t" if mark.startswith("-") else "") + rng.choice(["text", "$HOME x", "a \\$b", "é", ""]))
            lines.append(name)
        stage.lines += lines
        place = self.absolute(stage, target)
        for name in names:
            stage.tree.add(place + "/" + name if target.endswith("/") else place, "f")

    def add_tar(self, stage):
        rng = self.rng
        tars = self.context.usable_tars()
        if not tars:
            return
        self.steps += 1
        target = self.destination(stage, False, True)
        if not target.endswith("/") and rng.random() < 0.8:
            target += "/"
        words = [self.written(rng.choice(tars), True), target]
        # buildah leaves --chown out for archives.
        owner = self.owner(stage) if self.is_modern else []
        stage.lines.append(" ".join(["ADD", *owner, self.spell(words)]))
        place = self.absolute(stage, target)
        for name, kind in [("d", "d"), ("one", "f"), ("sym", "l")]:
            if rng.random() < 0.3:
                stage.tree.add(place + "/" + name, kind)

    def set_workdir(self, stage):
        rng = self.rng
        folders = [p for p in stage.tree.paths("d") if can_be_named(p)]
        path = rng.choice(["/w", "/w/o/r k", "rel", "a/b", "/srv/app/", "..", "/data/in", "/lib"])
        folders = [p for p in folders if not re.match(r"/(dev|proc|sys|bin|run)(/|$)", p)]
        if folders and rng.random() < 0.25:
            path = rng.choice(folders)
        names = sorted(n for n, value in stage.variables.items() if value and re.fullmatch(r"[a-z0-9/]+", value))
        if names and rng.random() < 0.3:
            path = f"/v/${rng.choice(names)}"
        stage.lines.append(f"WORKDIR {path}")
        stage.workdir = self.absolute(stage, path)
        stage.tree.add(stage.workdir, "d")

    def set_user(self, stage):
        rng = self.rng
        stage.user = rng.choice(["app", "app:staff", "1000", "other"] if stage.on_base else ["1000", "7:8", "0", "1000:0"])
        if rng.random() < 0.3:
            stage.user = rng.choice(["0", "0:0"])
        stage.lines.append(f"USER {stage.user}")

    def set_variable(self, stage):
        rng = self.rng
        name = rng.choice(["V", "W", "X", "TAIL", "GIVEN", "LONG_name1"])
        value = rng.choice(["one", "two/three", "d", "a.txt", "", "with-dash", "1"])
        other = rng.choice(sorted(stage.variables) or ["V"])
        said = rng.choice([
            value, f'"{value} q"', f"'{value} $V'", f"${other}", f"${{{other}}}x", f"${{{other}:-none}}",
            f"${{{other}:+set}}", value + "\\ esc", f'"a\\"${other}"', f"\\${other}",
        ])
        if rng.random() < 0.5:
            value = value if said == value else None
            if rng.random() < 0.25:
                second = rng.choice(["V", "Y", "Z"])
                stage.lines.append(f"ENV {name}={said or chr(34) * 2} {second}=2${name}")
                stage.variables[second] = None
            elif rng.random() < 0.1:
                stage.lines.append(f"ENV {name} {said or 'x'}")
            else:
                stage.lines.append(f"ENV {name}={said}")
            stage.variables[name] = value
            return
        stage.has_arguments = True
        if rng.random() < 0.3:
            stage.lines.append(f"ARG {name}")
            stage.variables.setdefault(name, None)
        else:
            stage.lines.append(f"ARG {name}={said}")
            stage.variables[name] = value if said == value else None
        if rng.random() < 0.4 and not any(a.startswith(name + "=") for a in self.build_arguments):
            self.build_arguments.append(f"{name}={rng.choice(['arg', 'b/c', 'g'])}")
            stage.variables[name] = self.build_arguments[-1].split("=")[1]

    def set_config(self, stage, is_last):
        rng = self.rng
        other = rng.choice(sorted(stage.variables) or ["V"])
        kinds = ["LABEL", "EXPOSE", "CMD", "ENTRYPOINT", "STOPSIGNAL", "ONBUILD", "SHELL"] + ["VOLUME"] * is_last
        kind = rng.choice(kinds)
        if kind == "LABEL":
            line = rng.choice([
                f'LABEL a=b c="d e"', f"LABEL x=${other}", f'LABEL "key with space"=v', "LABEL org.x.y=1 \\\n      a=2",
                f"LABEL one.two='${other}'",
            ])
        elif kind == "EXPOSE":
            line = rng.choice(["EXPOSE 80", "EXPOSE 80/udp 443", "EXPOSE 8080/tcp", "EXPOSE 53/udp 53/tcp"])
        elif kind in ("CMD", "ENTRYPOINT"):
            words = rng.choice([
                '["/bin/sh"]', '["a", "b c", "$V"]', "[]", '["é", "\\"q\\""]', "echo $V && true", "exec  run   me",
            ])
            if stage.has_shell and not words.startswith("["):
                words = '["x"]'
            line = f"{kind} {words}"
        elif kind == "STOPSIGNAL":
            line = f"STOPSIGNAL {rng.choice(['SIGTERM', '9', 'SIGUSR1'])}"
        elif kind == "VOLUME":
            line = rng.choice(['VOLUME /vol', 'VOLUME ["/vol", "/v 2"]', "VOLUME /vol /vol2"])
        elif kind == "SHELL":
            line = 'SHELL ["/bin/sh", "-x", "-c"]'
            stage.has_shell = True
        else:
            line = "ONBUILD " + rng.choice(
                ["ENV TRIGGER=1", "LABEL trigger=yes", "WORKDIR /trigger/w", "COPY . /trigger", "USER 7", "ARG T=1"])
        stage.lines.append(line)

    def run(self, stage):
        rng = self.rng
        self.steps += 1
        folders = [p for p in stage.tree.paths("d") if re.fullmatch(r"[\w./-]+", p)]
        folders = [p for p in folders if not re.match(r"/(dev|proc|sys|bin|run|etc|tmp|home|usr|mnt|var)(/|$)", p)]
        files = [p for p in stage.tree.paths("f") if re.fullmatch(r"[\w./-]+", p) and not re.match(r"/(bin|etc)/", p)]
        # What buildah does of a working folder that is gone is its own.
        folders = [p for p in folders if not f"{stage.workdir}/".startswith(p + "/")] or ["/opt"]
        files = files or ["/etc/issue"]
        parts = []
        for _ in range(rng.randint(1, 4)):
            d, f = rng.choice(folders), rng.choice(files)
            number = rng.randrange(4)
            command = rng.choice([
                f"mkdir -p {d}/made{number}", f"rm -rf {d}", f"rm -f {f}", f"mv {f} {d}/moved{number}",
                f"ln -s {f} {d}/soft{number}", f"ln {f} {d}/hard{number}", f"chmod 700 {d}", f"chmod 4711 {f}",
                f"chown 7:8 {f}", f"chown -R app:staff {d}", f"touch {d}/touched{number}", f"echo {number} > {f}",
                f"echo more >> {f}", f"echo $V-$GIVEN > {d}/values", f"rm -rf {d}; echo file > {d}",
                f"rm -f {f}; mkdir -p {f}/was-a-file", f"mkdir -m 1777 -p {d}/sticky", f"rm -rf {d}; ln -s /srv {d}",
                f"mv {d} {d}-moved", f"cp -a {d} /copy{number}", f"rm -rf {d}; mkdir -p {d}/again; echo n > {d}/again/n",
                f"id -u > /tmp/who{number}", f"pwd > /tmp/pwd{number}", f"echo '{number} ü' > '/opt/sp ace'",
                f"mkdir -p /deep/e/r; chmod 711 /deep/e; echo x > /deep/e/r/f", "true",
            ])
            parts.append(f"{{ {command}; }} 2>/dev/null")
            made = re.search(r"(mkdir -p|touch) ([\w./-]+)$", command)
            if made:
                stage.tree.add(made[2], "d" if made[1] != "touch" else "f")
        script = rng.choice(["; ", "; \\\n    "]).join(parts + ["true"])
        if rng.random() < 0.1:
            script = json.dumps(["/bin/sh", "-c", "; ".join(parts + ["true"])], ensure_ascii=False)
        stage.lines.append("RUN " + script)
