"""Instructions that change the config: WORKDIR, USER, ENV, ARG and the rest."""
import re

from contexts import can_be_named
from words import SYSTEM_FOLDERS, Words


class Settings(Words):
    def __init__(self, rng, context, is_modern, build_arguments):
        super().__init__(rng, context, is_modern)
        self.build_arguments = build_arguments
        # The names of ENV, over which buildah has no --build-arg win.
        self.environment = set()

    def set_workdir(self, stage):
        rng = self.rng
        folders = [p for p in stage.tree.paths("d") if can_be_named(p)]
        path = rng.choice(["/w", "/w/o/r k", "rel", "a/b", "/srv/app/", "..", "/data/in", "/lib"])
        folders = [p for p in folders if not re.match(SYSTEM_FOLDERS, p)]
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
            if self.is_given(name):
                name = "E"
            self.environment.add(name)
            if rng.random() < 0.25:
                second = rng.choice([n for n in ("V", "Y", "Z") if not self.is_given(n)])
                self.environment.add(second)
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
        if rng.random() < 0.4 and name not in self.environment and not self.is_given(name):
            self.build_arguments.append(f"{name}={rng.choice(['arg', 'b/c', 'g'])}")
            stage.variables[name] = self.build_arguments[-1].split("=")[1]

    def is_given(self, name):
        return any(argument.startswith(name + "=") for argument in self.build_arguments)

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
            line = rng.choice(["EXPOSE 80", "EXPOSE 81/udp 443", "EXPOSE 8080/tcp", "EXPOSE 53/udp 53/tcp"])
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
