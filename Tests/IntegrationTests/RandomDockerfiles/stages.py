"""What a Dockerfile's stage holds, as far as the generator knows, and the base that some stages stand on."""
from contexts import Tree

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
        # True where a file may have several names, which overlayfs takes apart when a later RUN changes it.
        self.has_hard_links = False
