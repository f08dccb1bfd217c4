"""Runs caasctl, and the programs that judge its images."""
import base64
import json
import os
import shutil
import subprocess
import time

from comparison import tree


class Failed(Exception):
    pass


class Programs:
    """Programs with their folders below `work`; how long each took is in `spent`."""

    # True where trees are compared with times, devices' numbers and extended attributes.
    looks_closely = False

    def __init__(self, caasctl, work):
        self.caasctl_path = caasctl
        self.work = work
        self.store = os.path.join(work, "storage")
        self.home = os.path.join(work, "home")
        self.base = os.path.join(work, "base")
        # What is in buildah's store.
        self.made = []
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

    @staticmethod
    def json(path):
        with open(path, "rb") as file:
            return json.load(file)

    def blob(self, layout, digest):
        return self.json(os.path.join(layout, "blobs/sha256", digest.removeprefix("sha256:")))

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
        return tree(os.path.join(self.store, "root/vfs/dir", image["layer"]), self.looks_closely), config

    def pulled(self, layout):
        """The tree that containers/storage unpacks a layout to."""
        identifier = self.succeed(self.buildah(["pull", "--quiet", f"oci:{layout}:1"]), "buildah pull").splitlines()[-1]
        self.made.append(identifier)
        return self.stored(identifier)[0]

    def forget_images(self):
        """Empties buildah's store, which gets slower with each image."""
        if self.made:
            self.buildah(["rmi", "--force", *dict.fromkeys(self.made)])
        self.made = []

    def unpacked(self, layout, name):
        bundle = os.path.join(self.work, name)
        shutil.rmtree(bundle, ignore_errors=True)
        self.succeed(self.command(["umoci", "unpack", "--image", f"{layout}:1", bundle]), "umoci unpack")
        found = tree(os.path.join(bundle, "rootfs"), self.looks_closely)
        shutil.rmtree(bundle)
        return found
