"""Builds an image by each builder, and asks each judge."""
import json
import os
import re

from comparison import differences, settings, tree
from contexts import Context
from dockerfiles import Dockerfile
from ignoring import IgnoreRules, expected_context
from judging import Judge
from known import is_known_of_words, known_differences
from unpacking import unpack_as_docker

# What buildah says where it refuses what BuildKit takes.
REFUSALS = [
    # A file that a pattern fits is taken for a pattern again, which its name may not fit.
    r"globs \[.*[][*?\\\\].*\] matched nothing",
    # A pattern may fit nothing (BuildKit's AllowEmptyWildcard), also where the .dockerignore keeps out all that fits it.
    r"no items matching glob \"[^\"]*[*?\[][^\"]*\" copied",
    r"copier: stat: \[\"[^\"]*[*?\[][^\"]*\"\]: no such file",
    # A file cannot get a name beyond ASCII of its own.
    r"STEP \".*[^\x00-\x7f].*io: read/write on closed pipe",
]
# What caasctl refuses as BuildKit does (fsutil's copyDirectory and copyFile), where buildah replaces one by the other.
OUR_REFUSALS = [
    r"cannot write .*: another source puts a (folder|file) there",
    r"cannot write .*: the image has a folder there",
    r"cannot make the folder .* is no folder",
    # A difference on purpose: such a layer could not be unpacked by everybody.
    r"is a hard link to .*, which is not in it or another file later on",
]


class DockerfileJudge(Judge):
    def judge(self, rng, seed, folder):
        is_modern = rng.random() < 0.5
        context = Context(rng, os.path.join(folder, "context"), is_modern)
        dockerfile = Dockerfile(rng, context, is_modern)
        path = os.path.join(folder, "Dockerfile")
        with open(path, "w") as file:
            file.write(dockerfile.text())
        arguments = []
        for argument in dockerfile.build_arguments:
            arguments += ["--build-arg", argument.replace("@BASE@", f"oci:{self.base}:1")]
        layout = os.path.join(folder, "ours")

        def build(layout, file=path, home=None):
            return self.caasctl(
                ["build", "-f", file, "--output", f"oci:{layout}:1", *arguments, context.folder], home)

        code, digest, errors = build(layout)
        is_refused = code != 0
        if code not in (0, 1):
            return [f"caasctl ends with {code}: {errors.strip()[-300:]}"], "that failed"
        identifier = None
        if not dockerfile.is_modern:
            flags = ["bud", "--quiet", "--layers=false", "--isolation=chroot", "--format=docker", "--pull-never"]
            code, output, their_errors = self.buildah([*flags, "-f", path, *arguments, context.folder])
            with open(os.path.join(folder, "buildah.log"), "w") as file:
                file.write(their_errors)
            if code == 0:
                identifier = output.strip().splitlines()[-1].removeprefix("sha256:")
                self.made.append(identifier)
            if code != 0 and not is_refused and any(re.search(p, their_errors, re.DOTALL) for p in REFUSALS):
                code = None
            if code == 0 and is_refused and any(re.search(p, errors) for p in OUR_REFUSALS):
                code = None
            if code is not None and (code != 0) != is_refused:
                who, why = ("caasctl", errors) if is_refused else ("buildah", their_errors)
                lines = [l for l in why.strip().splitlines() if not l.startswith(("STEP", "COPY", "ADD", "RUN"))]
                return [f"{who} alone refuses it: " + " / ".join(lines[-3:])[-300:]], "with buildah as judge"
        if is_refused:
            return [], "refused by all"
        digest = digest.strip()
        lines = []
        ours = self.unpacked(layout, "bundle")
        lines += differences(ours, self.pulled(layout), "umoci", "containers/storage")
        code, output, errors = self.caasctl(["image", "verify", f"oci:{layout}:1"])
        if code != 0 or not re.search("^valid:", output, re.MULTILINE):
            lines.append(f"caasctl image verify: {(output + errors).strip()[-300:]}")
        home = None
        if seed % 4 == 0:
            home = os.path.join(folder, "home")
        again = self.succeed(build(layout + "2", home=home), "the second caasctl build")
        if again != digest:
            lines.append(f"the second build gives {again}, the first {digest}" + (" (no cache)" if home else ""))
        if identifier is not None:
            theirs, their_config = self.stored(identifier)
            our_config = self.blob(layout, self.blob(layout, digest)["config"]["digest"])
            our_config, their_config = our_config.get("config") or {}, their_config.get("config") or {}
            is_known = known_differences(context, dockerfile, our_config.get("Volumes") or {})
            lines += differences(ours, theirs, "caasctl", "buildah", both_keep_links=False, is_known=is_known)
            a, b = settings(our_config), settings(their_config)
            if b.get("WorkingDir", "/") != "/":
                # buildah keeps the slash at the end of a WORKDIR.
                b["WorkingDir"] = b["WorkingDir"].rstrip("/")
            for name in sorted(a.keys() | b.keys()):
                if a.get(name) != b.get(name):
                    lines.append(f"config {name}: caasctl {a.get(name)}, buildah {b.get(name)}")
        elif dockerfile.has_plain:
            plain = os.path.join(folder, "plain.Dockerfile")
            with open(plain, "w") as file:
                file.write(dockerfile.text(True))
            result = build(layout + "3", file=plain)
            # --link replaces what is in the way, which is no failure.
            if result[0] == 0 or not any(re.search(p, result[2]) for p in OUR_REFUSALS):
                self.succeed(result, "caasctl build in older words")
                lines += differences(
                    ours, self.unpacked(layout + "3", "bundle"), "as said", "in older words", both_keep_links=False,
                    is_known=is_known_of_words)
        if is_modern and context.usable_tars():
            lines += self.judge_tar(rng, context, folder, build)
        if is_modern and context.ignore:
            whole = os.path.join(folder, "whole.Dockerfile")
            with open(whole, "w") as file:
                file.write("FROM scratch\nCOPY . /\n")
            self.succeed(build(layout + "4", file=whole), "caasctl build of the whole context")
            lines += differences(
                self.unpacked(layout + "4", "bundle"), expected_context(context.folder, IgnoreRules(context.ignore)),
                "COPY . /", ".dockerignore says", both_keep_links=False)
        return lines, "with buildah as judge" if identifier is not None else "without buildah"

    def judge_tar(self, rng, context, folder, build):
        """What is wrong with an image of one archive alone."""
        owner = rng.choice([None, (7, 8)])
        archive = context.usable_tars()[0]
        expected = os.path.join(folder, "unpacked")
        os.mkdir(expected)
        is_fine = unpack_as_docker(context.place(archive), expected, owner)
        path = os.path.join(folder, "tar.Dockerfile")
        flag = f"--chown={owner[0]}:{owner[1]} " if owner else ""
        with open(path, "w") as file:
            file.write(f"FROM scratch\nADD {flag}{json.dumps([archive, '/'], ensure_ascii=False)}\n")
        layout = os.path.join(folder, "ours-tar")
        code, _, errors = build(layout, file=path)
        if code != 0:
            is_known = not is_fine or any(re.search(p, errors) for p in OUR_REFUSALS)
            return [] if is_known else [f"ADD of {archive} fails: {errors.strip()[-300:]}"]
        if not is_fine:
            return [f"ADD of {archive} is no failure"]
        return differences(self.unpacked(layout, "bundle"), tree(expected), f"ADD {flag}{archive} /", "docker")
