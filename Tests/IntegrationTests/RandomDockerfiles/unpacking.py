"""How BuildKit's ADD unpacks a tar."""
import os
import shutil
import tarfile


def unpack_as_docker(archive, folder, owner):
    """Unpacks a tar as BuildKit's ADD does (moby/go-archive's Unpack and createTarFile); False where that fails.

    It runs in a process with the folder as its root, as there, so that links of the archive lead where they do there.
    """
    with tarfile.open(archive, encoding="utf-8", errors="surrogateescape") as tar:
        members = [(m, tar.extractfile(m).read() if m.isreg() else b"") for m in tar]
    if not members:
        # What has no entry is no archive, and comes as it is: isArchivePath.
        shutil.copy(archive, folder)
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1] == 0
    try:
        os.chroot(folder)
        os.chdir("/")
        os.umask(0)
        for member, data in members:
            path = os.path.normpath("/" + member.name)
            if path == "/":
                continue
            parent = os.path.dirname(path)
            if not os.path.lexists(parent):
                # Folders that no entry describes are root's, whatever --chown says.
                os.makedirs(parent, 0o755)
            if os.path.lexists(path) and not (member.isdir() and os.path.isdir(path) and not os.path.islink(path)):
                if os.path.isdir(path) and not os.path.islink(path):
                    shutil.rmtree(path)
                else:
                    os.unlink(path)
            if member.isdir():
                if not os.path.isdir(path):
                    os.mkdir(path)
            elif member.issym():
                os.symlink(member.linkname, path)
            elif member.islnk():
                os.link(os.path.normpath("/" + member.linkname), path)
            else:
                with open(path, "wb") as file:
                    file.write(data)
            # A hard link's owner and mode count for the file that it is a name of.
            os.lchown(path, *(owner or (member.uid, member.gid)))
            if not os.path.islink(path):
                os.chmod(path, member.mode)
    except OSError:
        os._exit(1)
    os._exit(0)
