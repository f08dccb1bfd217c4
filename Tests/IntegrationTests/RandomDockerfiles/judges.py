"""Builds an image by each builder, and asks each judge."""
import base64
import json
import os
import random
import re
import shutil
import subprocess
import sys
import time

from comparison import IgnoreRules, differences, expected_context, settings, tree, unpack_as_docker
from contexts import Context
from dockerfiles import Dockerfile
from stages import BASE_FILES, BASE_FOLDERS, BASE_LINKS, COMMANDS

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


class Failed(Exception):
    pass


class Judge:
    def __init__(self, caasctl, work):
        self.caasctl_path = caasctl
        self.work = work
        self.store = os.path.join(work, "storage")
        self.home = os.path.join(work, "home")
        self.base = os.path.join(work, "base")
        self.environment = {k: v for k, v in os.environ.items() if k != "SOURCE_DATE_EPOCH"}
        # Its programs live for tens of milliseconds: collecting garbage costs more than it saves.
        self.environment["GOGC"] = "off"
        self.spent = {}

    def command(self, arguments, environment=None):
        begin = time.monotonic()
        result = subprocess.run(
            arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=self.environment | (environment or {}), cwd=self.work)
        verb = next((a for a in arguments[1:] if a in ("bud", "pull", "rmi", "verify", "build")), "")
        name = f"{os.path.basename(arguments[0])} {verb}"
        self.spent[name] = self.spent.get(name, 0) + time.monotonic() - begin
        return result.returncode, result.stdout.decode(errors="replace"), result.stderr.decode(errors="replace")

    def caasctl(self, arguments, home=None):
        return self.command([self.caasctl_path, *arguments], {"CAASCTL_HOME": home or self.home})

    def buildah(self, arguments):
        places = ["--root", os.path.join(self.store, "root"), "--runroot", os.path.join(self.store, "run")]
        return self.command(["buildah", *places, "--storage-driver", "vfs", *arguments])

    def succeed(self, result, what):
        code, output, errors = result
        if code != 0:
            raise Failed(f"{what} fails: {errors.strip()[-600:]}")
        return output.strip()

    def make_base(self):
        """An OCI layout of busybox with users, links and a few files, made by umoci."""
        busybox = shutil.which("busybox")
        if busybox is None:
            sys.exit("there is no busybox in PATH")
        bundle = os.path.join(self.work, "base-bundle")
        image = f"{self.base}:1"
        for arguments in (["init", "--layout", self.base], ["new", "--image", image],
                          ["unpack", "--image", image, bundle]):
            self.succeed(self.command(["umoci", *arguments]), "umoci")
        root = os.path.join(bundle, "rootfs")
        for name in BASE_FOLDERS:
            os.makedirs(os.path.join(root, name), exist_ok=True)
        os.chmod(os.path.join(root, "tmp"), 0o1777)
        os.chmod(os.path.join(root, "srv/www"), 0o750)
        os.chown(os.path.join(root, "home/app"), 1000, 1001)
        shutil.copy(busybox, os.path.join(root, "bin/busybox"))
        os.chmod(os.path.join(root, "bin/busybox"), 0o755)
        for name in COMMANDS:
            os.symlink("busybox", os.path.join(root, "bin", name))
        for name in BASE_FILES:
            with open(os.path.join(root, name), "w") as file:
                file.write(name if name.startswith(("opt", "srv", "usr")) else "")
            os.chmod(os.path.join(root, name), 0o644)
        os.chmod(os.path.join(root, "opt/tool"), 0o755)
        for link, target in BASE_LINKS.items():
            os.symlink(target if link == "/data" else target[1:], root + link)
        for name, text in (
            ("passwd", "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1001::/home/app:/bin/sh\nother:x:7:8::/:/bin/sh\n"),
            ("group", "root:x:0:\nstaff:x:50:\napp:x:1001:\nother:x:8:\n"),
        ):
            with open(os.path.join(root, "etc", name), "w") as file:
                file.write(text)
            os.chmod(os.path.join(root, "etc", name), 0o644)
        self.succeed(self.command(["umoci", "repack", "--image", image, bundle]), "umoci")
        self.succeed(
            self.command(["umoci", "config", "--image", image, "--config.env", "PATH=/usr/local/bin:/bin",
                          "--config.env", "HOME=/root", "--config.cmd", "/bin/sh"]), "umoci")
        shutil.rmtree(bundle)

    def blob(self, layout, digest):
        with open(os.path.join(layout, "blobs/sha256", digest.removeprefix("sha256:")), "rb") as file:
            return json.load(file)

    def stored(self, identifier):
        """The tree and the config of an image in containers/storage; the driver vfs keeps each layer as a whole tree."""
        images = os.path.join(self.store, "root/vfs-images")
        with open(os.path.join(images, "images.json"), "rb") as file:
            image = next(i for i in json.load(file) if i["id"] == identifier)
        key = base64.b64encode(f"sha256:{identifier}".encode()).decode()
        with open(os.path.join(images, identifier, f"={key}"), "rb") as file:
            config = json.load(file)
        if not image.get("layer"):
            return ({}, {}), config
        return tree(os.path.join(self.store, "root/vfs/dir", image["layer"])), config

    def unpacked(self, layout, name):
        bundle = os.path.join(self.work, name)
        shutil.rmtree(bundle, ignore_errors=True)
        self.succeed(self.command(["umoci", "unpack", "--image", f"{layout}:1", bundle]), "umoci unpack")
        found = tree(os.path.join(bundle, "rootfs"))
        shutil.rmtree(bundle)
        return found

    def judge(self, seed, folder):
        """Lines that say what is wrong with the image of a seed, and how it was judged."""
        rng = random.Random(seed)
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
            return [f"caasctl ends with {code}: {errors.strip()[-300:]}"], "refused"
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
                return [f"{who} alone refuses it: " + " / ".join(lines[-3:])[-300:]], "buildah"
        if is_refused:
            return [], "refused"
        digest = digest.strip()
        lines = []
        ours = self.unpacked(layout, "bundle")
        pulled = self.succeed(self.buildah(["pull", "--quiet", f"oci:{layout}:1"]), "buildah pull").splitlines()[-1]
        self.made.append(pulled)
        lines += differences(ours, self.stored(pulled)[0], "umoci", "containers/storage")
        code, output, errors = self.caasctl(["verify", f"oci:{layout}:1"])
        if code != 0 or not re.search("^valid:", output, re.MULTILINE):
            lines.append(f"caasctl verify: {(output + errors).strip()[-300:]}")
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
            is_known = self.known_differences(context, dockerfile, our_config.get("Volumes") or {})
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
                    is_known=self.is_known_of_words)
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
        return lines, "buildah" if identifier is not None else "alone"

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

    @staticmethod
    def is_known_of_words(path, ours, theirs):
        """--link makes the folders above a file anew, and `=` leaves the sticky bit, which a number takes away."""
        a, b = ours.split(" "), theirs.split(" ")
        is_mode = a[0] == b[0] == "file" and a[2:] == b[2:] and int(a[1], 8) & ~0o1000 == int(b[1], 8)
        return is_mode or a[0] == b[0] == "folder"

    @staticmethod
    def known_differences(context, dockerfile, volumes):
        """Says of two entries whether buildah's faults explain what distinguishes them."""
        special, folders = set(), set()
        entries, _ = tree(context.folder)
        has_exceptions = any(line.startswith("!") for line in context.ignore)
        for path, entry in entries.items():
            words = entry.split(" ")
            if words[0] == "folder":
                folders.add(os.path.basename(path))
            if words[0] in ("file", "folder") and int(words[1], 8) & 0o6000:
                special.add((words[0], words[1], words[-1] if words[0] == "file" else os.path.basename(path)))

        modes = {f"{int(mode, 8) & 0o777:o}" for mode in re.findall(r"--chmod=([0-7]+)", dockerfile.text())}

        def is_known(path, ours, theirs):
            if ours == "nothing":
                # It makes the folders of volumes.
                return theirs == "folder 755 0:0" and any(
                    f"{volume.rstrip('/')}/".startswith(f"{os.fsdecode(path)}/") for volume in volumes)
            if has_exceptions and ours.startswith("folder") and theirs == "folder 755 0:0":
                # It makes a folder that is there for an exception alone as if nothing described it.
                if os.path.basename(path) in folders:
                    return True
            a, b = ours.split(" "), theirs.split(" ")
            if a[0] != b[0] or a[0] not in ("file", "folder") or a[2:] != b[2:]:
                return False
            what = a[-1] if a[0] == "file" else os.path.basename(path)
            if a[0] == "folder" and a[1] in modes and b[1] == "755":
                # The folders that COPY --chmod makes, on the way and as the destination.
                return True
            return (a[0], a[1], what) in special and int(a[1], 8) & ~0o6000 == int(b[1], 8)

        return is_known

    def run(self, seed, count, keep):
        os.makedirs(self.work, exist_ok=True)
        for name in ("storage", "home", "base", "base-bundle", "bundle"):
            shutil.rmtree(os.path.join(self.work, name), ignore_errors=True)
        self.make_base()
        self.made = []
        found = by_buildah = refused = 0
        for number in range(seed, seed + count):
            folder = os.path.join(self.work, f"seed-{number}")
            shutil.rmtree(folder, ignore_errors=True)
            os.makedirs(folder)
            try:
                lines, how = self.judge(number, folder)
            except Failed as failure:
                lines, how = [str(failure)], "alone"
            by_buildah += how == "buildah"
            refused += how == "refused"
            if lines:
                found += 1
                print(f"seed {number}:", *lines[:20], sep="\n    ", flush=True)
                if len(lines) > 20:
                    print(f"    and {len(lines) - 20} more")
            if not (lines and keep):
                shutil.rmtree(folder)
            if len(self.made) > 30:
                self.buildah(["rmi", "--force", *dict.fromkeys(self.made)])
                self.made = []
        if self.made:
            self.buildah(["rmi", "--force", *dict.fromkeys(self.made)])
        for name in ("storage", "home", "base"):
            shutil.rmtree(os.path.join(self.work, name), ignore_errors=True)
        print(f"{count} images, {by_buildah} with buildah as judge, {refused} refused by all, {found} differences")
        return found
