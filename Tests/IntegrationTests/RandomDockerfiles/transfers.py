"""Instructions that bring files: COPY and ADD."""
import os
import re

from words import Words


class Transfers(Words):
    def __init__(self, rng, context, is_modern, stages):
        super().__init__(rng, context, is_modern)
        self.stages = stages

    def copy(self, stage, name):
        rng = self.rng
        tree, is_context, flags = self.context.tree, True, []
        others = [s for s in self.stages if s is not stage and s.tree.kinds]
        if name == "COPY" and others and rng.random() < 0.45:
            other = rng.choice(others)
            tree, is_context = other.tree, False
            stage.has_hard_links |= other.has_hard_links
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
        if name == "ADD" and self.context.tars:
            # A pattern may fit an archive.
            stage.has_hard_links = True
            if not self.is_modern:
                # buildah leaves them out for archives.
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
        stage.has_hard_links = True
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
