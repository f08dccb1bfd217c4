"""What each kind of layer brings, made by cp, tar and unzip where they can."""
import os
import stat
import subprocess
import tarfile
import zipfile

from pieces import EPOCH, MODES, carried, give, strip
from tars import has_access_lists
from wheels import compiles


class CannotUnpack(Exception):
    """A program fails at an archive, which says nothing of what caasctl should do."""


def files_piece(piece, layer, source, rules, known):
    """A `files` layer: `cp -a`, and then what the fields say of owners, modes and times."""
    fields = layer.fields
    owner, mode, time = fields.get("owner", "0:0"), fields.get("mode"), fields.get("mtime", "epoch")
    keeps_folders = "keep" in (owner, mode, time)
    is_single = not os.path.isdir(source)
    piece.make_way(layer.into, known, EPOCH if time == "epoch" else 0)
    into = b"" if layer.into == "/" else os.fsencode(layer.into)
    target = piece.place(into)
    subprocess.run(["cp", "-a", "--", source if is_single else source + "/.", target], check=True)
    status = os.stat(source)
    if into:
        if keeps_folders and not is_single:
            dress(piece, into, source, status, owner if owner == "keep" else "0:0", mode, time)
            piece.described.add(into)
        else:
            # cp gave it what the source's folder has.
            piece.plain(into)
            os.chown(target, 0, 0)
            strip(target)
            if into in known:
                known[into].apply(target)
    if is_single:
        found = into + b"/" + os.path.basename(os.fsencode(source))
        if rules.judge(os.fsdecode(os.path.basename(found)), None)[0]:
            os.unlink(piece.place(found))
        else:
            dress(piece, found, source, os.lstat(source), owner, mode, time)
        return
    keep_out(piece, into, rules)
    for path, _ in list(piece.paths()):
        if path.startswith(into + b"/"):
            origin = os.fsencode(source) + path[len(into):]
            status = os.lstat(origin)
            if unwanted(status.st_mode, fields.get("privileged")):
                os.unlink(piece.place(path))
                continue
            dress(piece, path, origin, status, owner, mode, time)
            if stat.S_ISDIR(status.st_mode):
                piece.described.add(path)


def unwanted(mode, is_privileged):
    return stat.S_ISSOCK(mode) or not (is_privileged or stat.S_ISREG(mode) or stat.S_ISDIR(mode) or stat.S_ISLNK(mode))


def keep_out(piece, into, rules):
    """Takes away what the patterns keep out: a folder stays for what comes in again below it."""
    verdicts, stays = {}, set()
    found = [path[len(into):] for path, _ in piece.paths() if path.startswith(into + b"/")]
    for path in found:
        is_out, verdicts[path] = rules.judge(os.fsdecode(path[1:]), verdicts.get(os.path.dirname(path)))
        while not is_out and path not in (b"", b"/"):
            stays.add(path)
            path = os.path.dirname(path)
    for path in reversed(found):
        if path not in stays:
            place = piece.place(into + path)
            os.rmdir(place) if os.path.isdir(place) and not os.path.islink(place) else os.unlink(place)


def dress(piece, path, origin, status, owner, mode, time):
    """Gives a copy the owner, the mode, the time and the attributes that the image has."""
    place, kind = piece.place(path), stat.S_IFMT(status.st_mode)
    os.lchown(place, *((status.st_uid, status.st_gid) if owner == "keep" else map(int, owner.split(":"))))
    seconds = EPOCH if time == "epoch" else status.st_mtime_ns // 1_000_000_000
    if kind == stat.S_IFDIR:
        piece.times[path] = seconds
    if kind != stat.S_IFLNK:
        strip(place)
        if mode == "keep" or kind not in (stat.S_IFREG, stat.S_IFDIR):
            bits = stat.S_IMODE(status.st_mode)
        elif kind == stat.S_IFDIR:
            bits = MODES.get(path, 0o755)
        elif mode is None:
            bits = 0o755 if status.st_mode & 0o100 else 0o644
        else:
            bits = int(mode, 8)
        os.chmod(place, bits)
        for name, value in carried(origin, mode == "keep").items():
            os.setxattr(place, name, value)
    os.utime(place, (seconds, seconds), follow_symlinks=False)


def archive_piece(piece, layer, known):
    """An `archive` layer: what tar or unzip makes of it."""
    piece.make_way(layer.into, known, EPOCH)
    into = b"" if layer.into == "/" else os.fsencode(layer.into)
    source = layer.plain
    if layer.is_zip:
        command = ["unzip", "-K", "-q", "-o", source, "-d", piece.place(into)]
        described = zip_folders(source)
    else:
        command = ["tar", "--numeric-owner", "--same-owner", "--xattrs", "--xattrs-include=*", "-xpf", source]
        command += ["-C", piece.place(into)] + ["--acls"] * has_access_lists(source)
        described = tar_folders(source)
    result = subprocess.run(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, env=os.environ | {"LC_ALL": "C.UTF-8"})
    # An empty zip is a warning, and makes nothing.
    if result.returncode and b"zipfile is empty" not in result.stderr:
        raise CannotUnpack(result.stderr.decode(errors="replace").strip()[-200:])
    if into:
        # What an archive says of its own root is no part of the layer.
        piece.plain(into)
        os.chown(piece.place(into), 0, 0)
        strip(piece.place(into))
        if into in known:
            known[into].apply(piece.place(into))
    for path, status in list(piece.paths()):
        if not path.startswith(into + b"/"):
            continue
        inside, is_folder = path[len(into) + 1:], stat.S_ISDIR(status.st_mode)
        if is_folder:
            piece.times[path] = described.get(inside, EPOCH)
            if inside not in described:
                piece.plain(path)
                # The kernel gives it the group of a folder with the set-group-ID bit.
                os.chown(piece.place(path), 0, 0)
        if layer.is_zip or "owner" in layer.fields:
            give(piece.place(path), *map(int, layer.fields.get("owner", "0:0").split(":")))
        seconds = EPOCH if layer.is_zip else status.st_mtime_ns // 1_000_000_000
        os.utime(piece.place(path), (seconds, seconds), follow_symlinks=False)


def tar_folders(source):
    """The folders that a tar describes, with the times that it gives them."""
    found = {}
    with tarfile.open(source, errors="surrogateescape", encoding="utf-8") as tar:
        for member in tar:
            if member.isdir():
                name = b"/".join(part for part in os.fsencode(member.name).split(b"/") if part not in (b"", b"."))
                found[name] = int(member.mtime // 1)
    return found


def zip_folders(source):
    with zipfile.ZipFile(source) as archive:
        return {os.fsencode(name.rstrip("/")): EPOCH for name in archive.namelist() if name.endswith("/")}


def python_piece(piece, layer, known):
    """A `python` layer: what the wheels' standard says, all of root and a second after the epoch; bytecode is left out."""
    piece.make_way(layer.into, known, EPOCH + 1)
    modules = {}
    for wheel in layer.wheels:
        for path, (content, is_executable) in wheel.result(layer.fields.get("interpreter", "/usr/bin/python3")).items():
            whole = os.fsencode(layer.into + "/" + path)
            os.makedirs(os.path.dirname(piece.place(whole)), exist_ok=True)
            with open(piece.place(whole), "wb") as file:
                file.write(content)
            os.chmod(piece.place(whole), 0o755 if is_executable else 0o644)
            os.utime(piece.place(whole), (EPOCH + 1, EPOCH + 1))
            if path.endswith(".py") and compiles(content):
                modules[whole] = content
    for path, status in piece.paths():
        if stat.S_ISDIR(status.st_mode):
            if path not in known:
                piece.times[path] = EPOCH + 1
    return modules
