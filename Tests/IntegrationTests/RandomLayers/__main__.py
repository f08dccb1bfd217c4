#!/usr/bin/env python3
"""Builds random image.yaml files by caasctl, and compares the images with what they must hold.

    python3 Tests/IntegrationTests/RandomLayers --caasctl PATH --work DIR --seed N --count M [--keep]

Image i is made of `random.Random(N + i)` alone: one to five layers of files, archives and wheels that lie over each other,
on nothing or on a base with users and links to folders. With --keep the folder of a seed that fails stays in DIR.

Judges of each image:

  a  umoci and containers/storage unpack it to the same tree: path, kind, mode, owner, time, target of a link, content, hard
     links, devices and extended attributes.
  b  That tree is what cp, tar and unzip make of the sources, each layer by itself, changed by what the fields say, and laid
     over those below by the rules of the image specification. Of wheels it is what the standards of packaging.python.org
     say, written out in wheels.py.
  c  Times of folders, which unpackers change, are right in the layers' own entries.
  d  `caasctl verify` finds the layout valid, and no layer has a name twice.
  e  A second build gives the same digest; of every third seed from a copy elsewhere, by one thread, and with no cache.
  f  Of every fifth seed, after files changed with their size and time kept, or were renamed or removed, the image is what
     the sources say then.
  g  An archive that unpackers would not understand alike is refused: see must_refuse in tars.py.

What unpackers do otherwise than others: the generator keeps away from it, or the judge takes it for no difference.

  - An extended attribute without a value is none for Go's archive/tar, so for umoci and containers/storage: a record of pax
    without a value takes one away.
  - containers/storage 1.28 does not restore access lists, which umoci does.
  - Of a hard link with another mode or owner than its file, umoci keeps the file's and containers/storage takes the link's.
    No tool writes such an archive. containers/storage makes a link or a FIFO of each name of one.
  - tar takes access lists that came as attributes away where it is told of lists, and does not restore them where not.
  - unzip knows no LZMA, and warns of an empty zip.
  - tar leaves a folder the set-group-ID bit that the kernel gives to one made in such a folder. caasctl and moby/go-archive
    set the mode that the archive says.

What caasctl does on purpose, or cannot help:

  - Folders above `into` are root's and 0755 unless a `files` layer below has them, also where the base or an archive has
    them otherwise: the layer says so, since unpackers would invent it.
  - On a base, or on other layers, a layer says nothing of the folders /bin, /lib and their like, which may be links below;
    what it brings goes behind the link. An image without any /lib gets none for an empty one, and one whose /lib is a file
    cannot be unpacked.
  - Files of several names that `split` puts into several layers are a file in each.
  - Names in a zip come in composed characters (NFC), whatever it says: libarchive composes them.

Needs root (owners, devices), buildah, umoci, GNU tar, bsdtar, zip, unzip, xz, zstd, bzip2 and in PATH a static busybox. A
--work on a tmpfs is faster.
"""
import os
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "ImageJudges"))

from judges import LayerJudge
from judging import judge_by_arguments

if __name__ == "__main__":
    judge_by_arguments(LayerJudge, "Builds random image.yaml files by caasctl and compares them with what is expected.")
