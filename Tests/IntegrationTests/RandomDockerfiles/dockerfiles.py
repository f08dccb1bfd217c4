"""Random Dockerfiles for a context."""
import re

from bases import BASE_FILES, BASE_FOLDERS, BASE_LINKS
from commands import run_line
from settings import Settings
from stages import Stage
from transfers import Transfers


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
        self.transfers = Transfers(rng, context, is_modern, self.stages)
        self.settings = Settings(rng, context, is_modern, self.build_arguments)
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
            stage.has_hard_links = below.has_hard_links
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
            self.transfers.copy(stage, "COPY")
        for _ in range(rng.choice([0, 0, 1, 2])):
            self.settings.set_config(stage, is_last)

    def add_instruction(self, stage):
        rng = self.rng
        roll = rng.random()
        if self.steps > 5:
            return self.settings.set_config(stage, False)
        if stage.on_base and roll < 0.28:
            self.steps += 1
            stage.lines.append(run_line(rng, stage))
        elif roll < 0.65:
            self.steps += 1
            self.transfers.copy(stage, "COPY" if roll < 0.55 else "ADD")
        elif roll < 0.75 and self.context.tars:
            self.steps += 1
            self.transfers.add_tar(stage)
        elif roll < 0.82:
            self.settings.set_workdir(stage)
        elif roll < 0.86:
            self.settings.set_user(stage)
        elif roll < 0.95:
            self.settings.set_variable(stage)
        else:
            self.settings.set_config(stage, False)
