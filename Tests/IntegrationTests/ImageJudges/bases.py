"""A base for images: busybox with users, links to folders and a few files."""
import os
import shutil
import sys

BASE_LINKS = {"/lib": "/usr/lib", "/data": "/var/data"}
BASE_FOLDERS = [
    "bin", "dev", "etc", "home", "home/app", "mnt", "proc", "run", "sys", "tmp", "usr", "usr/lib", "var", "var/data", "opt",
    "srv/www",
]
BASE_FILES = ["etc/issue", "etc/hosts", "etc/hostname", "etc/resolv.conf", "usr/lib/x", "opt/tool", "srv/www/index"]
COMMANDS = ["cat", "chmod", "chown", "cp", "echo", "find", "id", "ln", "ls", "mkdir", "mv", "rm", "rmdir", "sh", "touch"]


def make_base(programs):
    """An OCI layout of busybox with users, links and a few files, made by umoci."""
    busybox = shutil.which("busybox")
    if busybox is None:
        sys.exit("there is no busybox in PATH")
    bundle = os.path.join(programs.work, "base-bundle")
    image = f"{programs.base}:1"
    for arguments in (["init", "--layout", programs.base], ["new", "--image", image],
                      ["unpack", "--image", image, bundle]):
        programs.succeed(programs.command(["umoci", *arguments]), "umoci")
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
    programs.succeed(programs.command(["umoci", "repack", "--image", image, bundle]), "umoci")
    programs.succeed(
        programs.command(["umoci", "config", "--image", image, "--config.env", "PATH=/usr/local/bin:/bin",
                      "--config.env", "HOME=/root", "--config.cmd", "/bin/sh"]), "umoci")
    shutil.rmtree(bundle)
