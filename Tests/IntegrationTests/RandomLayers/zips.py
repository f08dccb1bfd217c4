"""Random zips, as zip, bsdtar and Python write them."""
import os
import subprocess
import zipfile

from names import content
from trees import RandomTree

# Composed characters alone: libarchive composes what a zip has in UTF-8, so that others would come out as them.
NAMES = ["a", "b.txt", "d", "data", "lib", "src", "ünï", "名前", "x y", "-n", "[a]", "é", "per%41", "n" * 200, "tmp"]
MODES = [0o644, 0o600, 0o755, 0o4755, 0o711, 0o000, 0o1644]


def pack_zip(rng, path, scratch):
    """A zip of a tree with plain names: those of others are in an encoding that nothing says; False where none came out."""
    RandomTree(rng, scratch, odd=0.1, is_ascii=True)
    what = sorted(os.listdir(scratch))
    if not what:
        return False
    if rng.random() < 0.5:
        command = ["zip", "-q", "-r", "--symlinks", path] + ["-D"] * (rng.random() < 0.4) + ["."]
    else:
        command = ["bsdtar", "--format=zip", "-cf", path, *what]
    return subprocess.run(command, cwd=scratch, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL).returncode == 0


def write_zip(rng, path):
    """A zip by Python: every method, names in UTF-8, folders with and without entries, links."""
    taken = set()
    with zipfile.ZipFile(path, "w") as archive:
        folders = [""]
        for _ in range(rng.randint(1, 8)):
            found = rng.choice(folders) + rng.choice(NAMES)
            if found in taken:
                continue
            taken.add(found)
            info = zipfile.ZipInfo(found, (1980 + rng.randrange(60), 1, 2, 3, 4, 6))
            info.create_system = 3
            info.compress_type = rng.choice(
                [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
            roll = rng.random()
            if roll < 0.3:
                folders.append(found + "/")
                if rng.random() < 0.7:
                    info.filename += "/"
                    info.compress_type = zipfile.ZIP_STORED
                    info.external_attr = (0o40000 | rng.choice([0o755, 0o700, 0o1777])) << 16 | 0x10
                    archive.writestr(info, b"")
            elif roll < 0.4:
                info.compress_type = zipfile.ZIP_STORED
                info.external_attr = (0o120777) << 16
                archive.writestr(info, rng.choice([b"a", b"nowhere", b"/etc"]))
            else:
                info.external_attr = (0o100000 | rng.choice(MODES)) << 16
                archive.writestr(info, content(rng))
    return bool(taken)
