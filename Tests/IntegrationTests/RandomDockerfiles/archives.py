"""Random contents of files, and random tars."""
import io
import os
import tarfile

FILE_MODES = [0o644] * 6 + [0o600, 0o755, 0o4755, 0o2755, 0o640, 0o444, 0o777, 0o1644]
FOLDER_MODES = [0o755] * 5 + [0o700, 0o711, 0o1777, 0o750, 0o2755]


def content(rng):
    """What a file holds: seldom nothing, mostly little, sometimes more than one block."""
    size = rng.choice([0, 1, 5, 20, 20, 100, 511, 512, 513, 5000])
    if rng.random() < 0.7:
        return bytes(rng.choice(b"abcdefgh \n") for _ in range(min(size, 100))) * (size // 100 or 1)
    return rng.randbytes(size)


def make_tar(rng):
    """A tar as tools write it, and some as none should."""
    buffer = io.BytesIO()
    form = rng.choice([tarfile.GNU_FORMAT, tarfile.PAX_FORMAT, tarfile.USTAR_FORMAT])
    with tarfile.open(fileobj=buffer, mode="w", format=form) as tar:
        folders, files, links = [""], [], []
        dotted = "./" if rng.random() < 0.2 else ""

        def header(name, kind, mode):
            info = tarfile.TarInfo(dotted + name)
            info.type = kind
            info.mode = mode
            info.mtime = rng.choice([0, 1, 1000000000, 1700000000])
            info.uid, info.gid = rng.choice([(0, 0), (0, 0), (7, 8), (1000, 1001), (65534, 65534)])
            return info

        def name(pool):
            folder = rng.choice(folders)
            return (folder + "/" if folder else "") + rng.choice(pool)

        for _ in range(rng.randint(1, 8)):
            roll = rng.random()
            if roll < 0.25:
                path = name(["d", "e", "ö", "d d", "lib", "etc"])
                if path in files or path in links:
                    continue
                tar.addfile(header(path, tarfile.DIRTYPE, rng.choice(FOLDER_MODES)))
                if path not in folders:
                    folders.append(path)
            elif roll < 0.7 or not files:
                path = name(["one", "two", "three", "x y", "名前", "e\u0301", "n" * 120])
                if form == tarfile.USTAR_FORMAT and len(path) > 90:
                    continue
                if path in folders:
                    continue
                if links and rng.random() < 0.2 and folders:
                    # Behind a link of the archive itself.
                    target = rng.choice(links)
                    path = f"{target}/behind"
                data = content(rng)
                info = header(path, tarfile.REGTYPE, rng.choice(FILE_MODES))
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
                if "behind" not in path and path not in files:
                    files.append(path)
            elif roll < 0.85:
                path = name(["sym", "sym2"])
                inner = [f for f in folders if f]
                info = header(path, tarfile.SYMTYPE, 0o777)
                here = os.path.dirname(path)
                if inner and rng.random() < 0.6:
                    info.linkname = os.path.relpath(rng.choice(inner), here or ".")
                    if path not in links:
                        links.append(path)
                else:
                    info.linkname = rng.choice(["/etc", "nowhere", os.path.relpath(rng.choice(files), here or ".")])
                    if path in links:
                        links.remove(path)
                tar.addfile(info)
            else:
                path = name(["hard", "hard2"])
                info = header(path, tarfile.LNKTYPE, 0o644)
                info.linkname = dotted + rng.choice(files)
                if info.linkname != info.name:
                    tar.addfile(info)
    return buffer.getvalue()
