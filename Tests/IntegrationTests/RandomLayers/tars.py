"""Random tars: of trees, as tar and bsdtar write them, and of single entries, as tools write them or as none should."""
import io
import os
import shutil
import subprocess
import tarfile

from names import FILE_MODES, FOLDER_MODES, OWNERS, content, name
from trees import RandomTree

COMPRESSIONS = {
    "": None, ".gz": ["gzip", "-n"], ".bz2": ["bzip2"], ".xz": ["xz", "-1", "-T1"], ".zst": ["zstd", "-q", "-1"],
    ".lzma": ["xz", "--format=lzma", "-1"],
}
# What a program is called with for each dialect; v7 and ustar hold no long names, for which tar ends with 2.
GNU_DIALECTS = ["gnu", "oldgnu", "pax", "posix", "ustar", "v7"]
NO_FILES = (tarfile.SYMTYPE, tarfile.FIFOTYPE)
BSD_DIALECTS = ["pax", "gnutar", "ustar", "paxr"]


def compress(rng, path, plain):
    """Compresses an archive, sometimes under a name that does not tell how; the path it has then.

    The archive as it was stays at `plain`.
    """
    suffix = rng.choice(list(COMPRESSIONS))
    shutil.copy(path, plain)
    if COMPRESSIONS[suffix] is None:
        return path
    packed = path + (suffix if rng.random() < 0.7 else ".bin")
    with open(path, "rb") as source, open(packed, "wb") as target:
        subprocess.run(COMPRESSIONS[suffix] + ["-c"], stdin=source, stdout=target, check=True)
    os.unlink(path)
    return packed


def pack_tree(rng, path, scratch):
    """Writes a tar of a random tree by tar or bsdtar; False where that fails, as where a dialect has no room for a name."""
    is_bsd = rng.random() < 0.35
    RandomTree(
        rng, scratch, has_specials=rng.random() < 0.3, has_attributes=rng.random() < 0.3, is_for_bsdtar=is_bsd)
    for folder, _, files in os.walk(os.fsencode(scratch)):
        for file in files:
            # tar and bsdtar leave sockets out, and say so by their status.
            if not os.path.isfile(os.path.join(folder, file)) and os.path.exists(os.path.join(folder, file)):
                if (os.lstat(os.path.join(folder, file)).st_mode & 0o170000) == 0o140000:
                    os.unlink(os.path.join(folder, file))
    what = ["."]
    if rng.random() < 0.4:
        # Without the root's own entry and without `./`.
        what = sorted(os.fsdecode(found) for found in os.listdir(os.fsencode(scratch)))
    if not what:
        return False
    if is_bsd:
        command = ["bsdtar", f"--format={rng.choice(BSD_DIALECTS)}"]
    else:
        dialect = rng.choice(GNU_DIALECTS)
        command = ["tar", f"--format={dialect}", "--sort=name"]
        if rng.random() < 0.3:
            command.append("--sparse")
            if dialect in ("pax", "posix"):
                command.append(f"--sparse-version={rng.choice(['0.0', '0.1', '1.0'])}")
        if dialect in ("pax", "posix") and rng.random() < 0.6:
            command += ["--xattrs", "--xattrs-include=*"] + ["--acls"] * (rng.random() < 0.5)
        if rng.random() < 0.2:
            command.append("--hard-dereference")
    result = subprocess.run(
        command + ["-C", scratch, "-cf", path, "--", *what], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    return result.returncode == 0


def has_access_lists(path):
    """True where a tar has access lists as tar and bsdtar write them, which tar unpacks by --acls alone."""
    with open(path, "rb") as file:
        return b"SCHILY.acl." in file.read()


def write_entries(rng, path, odd):
    """A tar of single entries by Python; the more `odd` it is, the more of them are none that a tool would write."""
    members = []
    form = rng.choice([tarfile.GNU_FORMAT, tarfile.PAX_FORMAT, tarfile.USTAR_FORMAT])
    folders, others, said = [b""], [], {}
    with tarfile.open(path, "w", format=form, encoding="utf-8", errors="surrogateescape") as tar:

        def add(name, kind, mode, target=b"", data=b""):
            info = tarfile.TarInfo(os.fsdecode(name))
            info.type, info.mode, info.linkname, info.size = kind, mode, os.fsdecode(target), len(data)
            info.mtime = rng.choice([0, 1, 1_000_000_000, 1_700_000_000])
            info.uid, info.gid = rng.choice(OWNERS if form != tarfile.USTAR_FORMAT else OWNERS[:-2])
            if kind == tarfile.LNKTYPE:
                file = said.get(clean(target), info)
                info.mode, info.mtime, info.uid, info.gid = file.mode or 0, file.mtime, file.uid, file.gid
            if kind in (tarfile.CHRTYPE, tarfile.BLKTYPE):
                info.devmajor, info.devminor = 1, 3
            try:
                tar.addfile(info, io.BytesIO(data))
            except ValueError:
                # ustar has no room for it.
                return False
            members.append((name, kind, target))
            said[clean(name)] = info
            return True

        dotted = b"./" if rng.random() < 0.3 else b""
        if rng.random() < 0.2:
            add(b"./", tarfile.DIRTYPE, 0o700)
        for _ in range(rng.randint(1, 10)):
            above = rng.choice(folders)
            above = above + b"/" if above else b""
            roll = rng.random()
            found = name(rng, [], odd=0.2)
            if rng.random() < 0.15:
                # Below a folder that no entry describes.
                above += rng.choice([b"implied/", b"tmp/", b"un/said/"])
            path = above + found
            if roll < 0.3:
                if path not in others or rng.random() < odd:
                    if add(dotted + path + b"/" * rng.randint(0, 1), tarfile.DIRTYPE, rng.choice(FOLDER_MODES)):
                        folders.append(path)
            elif roll < 0.65 or not others:
                if (path not in folders or rng.random() < odd) and (path not in others or rng.random() < 0.5):
                    if add(dotted + path, rng.choice([tarfile.REGTYPE, tarfile.REGTYPE, tarfile.AREGTYPE]),
                           rng.choice(FILE_MODES), data=content(rng)):
                        others.append(path)
            elif roll < 0.75:
                if path not in folders and path not in others:
                    target = rng.choice([b"a", b"nowhere", b"/etc", b"d/../x", b"\xff", b"z" * 120])
                    if add(dotted + path, tarfile.SYMTYPE, 0o777, target):
                        others.append(path)
            elif roll < 0.85:
                # Its mode and owner are the file's, as tools write it: unpackers do not agree on whose count. Nor do they on
                # whether a link or a FIFO can have two names.
                file = rng.choice(others)
                if path not in folders and path not in others and said[file].type not in NO_FILES:
                    if add(dotted + path, tarfile.LNKTYPE, None, dotted + file):
                        others.append(path)
            elif roll < 0.9:
                if path not in folders and path not in others and add(dotted + path, tarfile.FIFOTYPE, 0o640):
                    others.append(path)
            elif rng.random() < odd:
                file, folder = rng.choice(others), rng.choice(folders)
                strange = rng.choice([
                    (b"/absolute", tarfile.REGTYPE, b""), (b"../outside", tarfile.REGTYPE, b""),
                    (b"d/.wh.x", tarfile.REGTYPE, b""), (b".wh..wh..opq", tarfile.REGTYPE, b""),
                    (b"out", tarfile.SYMTYPE, b"../" * 12 + b"etc"), (b"early", tarfile.LNKTYPE, b"not/there"),
                    (file + b"/below", tarfile.REGTYPE, b""), (b"null", tarfile.CHRTYPE, b""),
                    (b"a/../b", tarfile.REGTYPE, b""), (b"self", tarfile.LNKTYPE, b"self"),
                    (file, tarfile.DIRTYPE, b""), (folder or b"d", tarfile.REGTYPE, b""),
                    (b"linked", tarfile.LNKTYPE, folder or b"d"), (file, tarfile.SYMTYPE, b"d"),
                ])
                add(strange[0], strange[1], 0o755, strange[2])
    return members


def must_refuse(members, depth, is_privileged):
    """Why a tar of these entries makes no layer that every program unpacks alike below `depth` folders; None where it does.

    What it says is in the README of no program: it is what a tar can say and a layer must not, since unpackers would
    write elsewhere, fail, or come to different files.
    """
    seen, last = {}, {}
    for index, (name, kind, target) in enumerate(members):
        last[clean(name)] = index
    for index, (name, kind, target) in enumerate(members):
        path = clean(name)
        parts = path.split(b"/")
        if name.startswith(b"/") or b".." in name.split(b"/"):
            return "leads elsewhere"
        if any(part.startswith(b".wh.") for part in parts):
            return "is a removal"
        if kind in (tarfile.CHRTYPE, tarfile.BLKTYPE) and not is_privileged:
            return "is a device"
        for end in range(1, len(parts)):
            above = b"/".join(parts[:end])
            if seen.get(above, tarfile.DIRTYPE) != tarfile.DIRTYPE:
                return "lies behind what is no folder"
        if kind == tarfile.SYMTYPE and leads_out(target, depth + len(parts) - 1):
            return "leads out"
        if kind == tarfile.LNKTYPE:
            other = clean(target)
            if other not in seen or other == path:
                return "is a link to what is not there"
            if seen[other] == tarfile.DIRTYPE:
                return "is a link to a folder"
            if last[other] > index:
                return "is a link to what comes again"
        if path:
            seen[path] = kind
    # What comes after it may make a folder something else.
    final = {clean(name): kind for name, kind, _ in members}
    for path in final:
        parts = path.split(b"/")
        if any(final.get(b"/".join(parts[:end]), tarfile.DIRTYPE) != tarfile.DIRTYPE for end in range(1, len(parts))):
            return "loses its folder"
    return None


def clean(name):
    return b"/".join(part for part in name.split(b"/") if part not in (b"", b"."))


def leads_out(target, depth):
    depth = 0 if target.startswith(b"/") else depth
    for part in target.split(b"/"):
        depth += {b"..": -1, b"": 0, b".": 0}.get(part, 1)
        if depth < 0:
            return True
    return False
