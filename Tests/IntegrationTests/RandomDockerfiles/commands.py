"""Random commands of RUN."""
import json
import re

# What changes a file where it is.
CHANGES = r"(chmod|chown|echo \S+ >+) "


def run_line(rng, stage):
    """A RUN for a stage, which notes what it leaves there."""
    folders = [p for p in stage.tree.paths("d") if re.fullmatch(r"[\w./-]+", p)]
    folders = [p for p in folders if not re.match(r"/(dev|proc|sys|bin|run|etc|tmp|home|usr|mnt|var)(/|$)", p)]
    files = [p for p in stage.tree.paths("f") if re.fullmatch(r"[\w./-]+", p) and not re.match(r"/(bin|etc)/", p)]
    # What buildah does of a working folder that is gone is its own.
    folders = [p for p in folders if not f"{stage.workdir}/".startswith(p + "/")] or ["/opt"]
    files = files or ["/etc/issue"]
    parts, has_hard_links = [], stage.has_hard_links
    for _ in range(rng.randint(1, 4)):
        d, f = rng.choice(folders), rng.choice(files)
        number = rng.randrange(4)
        commands = [
            f"mkdir -p {d}/made{number}", f"rm -rf {d}", f"rm -f {f}", f"mv {f} {d}/moved{number}",
            f"ln -s {f} {d}/soft{number}", f"ln {f} {d}/hard{number}", f"chmod 700 {d}", f"chmod 4711 {f}",
            f"chown 7:8 {f}", f"chown -R app:staff {d}", f"touch {d}/touched{number}", f"echo {number} > {f}",
            f"echo more >> {f}", f"echo $V-$GIVEN > {d}/values", f"rm -rf {d}; echo file > {d}",
            f"rm -f {f}; mkdir -p {f}/was-a-file", f"mkdir -m 1777 -p {d}/sticky", f"rm -rf {d}; ln -s /srv {d}",
            f"mv {d} {d}-moved", f"cp -a {d} /copy{number}", f"rm -rf {d}; mkdir -p {d}/again; echo n > {d}/again/n",
            f"id -u > /tmp/who{number}", f"pwd > /tmp/pwd{number}", f"echo '{number} ü' > '/opt/sp ace'",
            f"mkdir -p /deep/e/r; chmod 711 /deep/e; echo x > /deep/e/r/f", "true",
        ]
        if has_hard_links:
            commands = [c for c in commands if not re.match(CHANGES, c)]
        command = rng.choice(commands)
        parts.append(f"{{ {command}; }} 2>/dev/null")
        stage.has_hard_links |= command.startswith(f"ln {f} ")
        made = re.search(r"(mkdir -p|touch) ([\w./-]+)$", command)
        if made:
            stage.tree.add(made[2], "d" if made[1] != "touch" else "f")
    script = rng.choice(["; ", "; \\\n    "]).join(parts + ["true"])
    if rng.random() < 0.1:
        script = json.dumps(["/bin/sh", "-c", "; ".join(parts + ["true"])], ensure_ascii=False)
    return "RUN " + script
