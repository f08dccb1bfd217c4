"""What a Dockerfile's stage holds, as far as the generator knows."""
from contexts import Tree


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
