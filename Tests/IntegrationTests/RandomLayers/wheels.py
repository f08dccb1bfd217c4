"""Random wheels, and what an installer must make of them.

The rules are those of packaging.python.org: binary-distribution-format, entry-points and recording-installed-packages.
"""
import base64
import hashlib
import os
import re
import zipfile

MODULES = ["__init__", "core", "data_x", "ünï", "util"]
TEXTS = ["", "x = 1\n", "def f(a): return {a, 'b', 3}\n", "class C:\n    'é'\n    y = lambda self: 0\n", "x ===\n"]


def record_hash(content):
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def quoted(field):
    return '"' + field.replace('"', '""') + '"' if "," in field or '"' in field else field


class Wheel:
    """A wheel and what it installs to: bytes and whether it can be run, by paths below the folder of packages."""

    def __init__(self, rng, name, needs=()):
        self.name = name
        self.version = rng.choice(["1.0", "0.2.1", "2026.1"])
        self.info = f"{name}-{self.version}.dist-info"
        self.installed = {}
        self.scripts = {}
        self.files = {}
        package = rng.choice([f"{name}", f"{name}/sub", f"shared_space/{name}"])
        for module in rng.sample(MODULES, rng.randint(1, 4)):
            self.add(f"{package}/{module}.py", rng.choice(TEXTS).encode(), False)
        if rng.random() < 0.4:
            self.add(f"{package}/data file,1.txt", rng.randbytes(rng.choice([0, 10, 3000])), rng.random() < 0.3)
        if rng.random() < 0.3:
            self.add(f"{name}.py", b"answer = 42\n", False)
        if rng.random() < 0.3:
            self.add_data("data", f"share/{name}/x.txt", b"data\n", False)
        if rng.random() < 0.3:
            self.add_data("purelib", f"{name}_pure.py", b"pure = True\n", False)
        if rng.random() < 0.3:
            self.add_data("scripts", f"{name}-tool", rng.choice([b"#!python\nprint()\n", b"#!/bin/sh\necho\n"]), True)
        if rng.random() < 0.4:
            self.scripts[f"{name}-run"] = (f"{name}.core", rng.choice(["main", "C.run"]))
        self.finish(needs)

    def add(self, path, content, is_executable, target=None):
        self.files[path] = (content, is_executable)
        self.installed[target or path] = (content, is_executable)

    def add_data(self, scheme, path, content, is_executable):
        prefix = "bin/" if scheme == "scripts" else ""
        self.add(f"{self.name}-{self.version}.data/{scheme}/{path}", content, is_executable, prefix + path)

    def finish(self, needs):
        metadata = f"Metadata-Version: 2.1\nName: {self.name}\nVersion: {self.version}\n"
        metadata += "".join(f"Requires-Dist: {need}\n" for need in needs)
        self.add(f"{self.info}/METADATA", metadata.encode(), False)
        self.add(f"{self.info}/WHEEL", b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n", False)
        if self.scripts:
            lines = [f"{script} = {module}:{call}" for script, (module, call) in self.scripts.items()]
            self.add(f"{self.info}/entry_points.txt", ("[console_scripts]\n" + "\n".join(lines) + "\n").encode(), False)

    def write(self, folder):
        rows = [f"{quoted(path)},{record_hash(content)},{len(content)}" for path, (content, _) in self.files.items()]
        rows.append(f"{self.info}/RECORD,,")
        with zipfile.ZipFile(os.path.join(folder, f"{self.name}-{self.version}-py3-none-any.whl"), "w") as archive:
            for path, (content, is_executable) in self.files.items():
                info = zipfile.ZipInfo(path, (2020, 1, 1, 0, 0, 0))
                info.external_attr = (0o100000 | (0o755 if is_executable else 0o644)) << 16
                archive.writestr(info, content)
            archive.writestr(f"{self.info}/RECORD", "\n".join(rows) + "\n")

    def result(self, interpreter):
        """What the image must hold of it, bytecode aside."""
        found = dict(self.installed)
        found[f"{self.info}/INSTALLER"] = (b"caasctl\n", False)
        for script, (module, call) in self.scripts.items():
            text = f"#!{interpreter}\nimport sys\nfrom {module} import {call.split('.')[0]}\n"
            text += f'if __name__ == "__main__":\n    sys.exit({call}())\n'
            found[f"bin/{script}"] = (text.encode(), True)
        for path, (content, _) in list(found.items()):
            if path.startswith("bin/"):
                found[path] = (re.sub(rb"\A#!python(?=\n)", b"#!" + interpreter.encode(), content), True)
        rows = [f"{quoted(path)},{record_hash(content)},{len(content)}" for path, (content, _) in found.items()]
        rows.append(f"{self.info}/RECORD,,")
        text = "".join(row + "\n" for row in sorted(rows, key=lambda row: row.encode()))
        found[f"{self.info}/RECORD"] = (text.encode(), False)
        return found


def compiles(content):
    try:
        compile(content, "x", "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return False
    return True
