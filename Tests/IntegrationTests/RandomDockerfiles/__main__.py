#!/usr/bin/env python3
"""Builds random Dockerfiles by caasctl and by buildah, and compares the images.

    python3 Tests/IntegrationTests/RandomDockerfiles --caasctl PATH --work DIR --seed N --count M [--keep]

Image i is made of `random.Random(N + i)` alone, so a seed makes the same context and the same Dockerfile anywhere. Times are
not compared, since the two builders set them by rules of their own. With --keep the folder of a seed that fails stays in DIR.

Judges of each image:

  a  caasctl and buildah both make an image, or both refuse it.
  b  umoci unpacks caasctl's layout.
  c  containers/storage unpacks it to the same tree, hard links included.
  d  buildah's own image has the same tree (path, kind, mode, owner, target of a link, content, hard links where both keep
     them) and the same settings in its config.
  e  `caasctl image verify` finds the layout valid.
  f  A second build gives the same digest; of every fourth seed in a new CAASCTL_HOME, so that no cache helps.

Half of the images have features that buildah 1.28 lacks (COPY --parents, --exclude and --link, heredocs, symbolic --chmod,
ADD --chown of archives), and no buildah as judge. For them:

  g  Where --link and a symbolic --chmod can be said by older instructions, that Dockerfile gives the same tree.
  h  `COPY . /` brings what the .dockerignore keeps by the rules of moby/patternmatcher, which are written out below.
  i  ADD unpacks an archive as moby/go-archive does, whose steps are written out below.

What buildah 1.28 does otherwise than BuildKit: the generator keeps away from it, or the judge takes it for no difference.
Each is with the place in BuildKit, or in a library of its, that decides who is right.

  - It leaves --chown out for archives, also for those that a pattern fits. BuildKit: solver/llbsolver/file/unpack.go, unpack.
  - It drops set-user-ID and set-group-ID of files and folders of the context. BuildKit: fsutil/copy, copyFileInfo.
  - It makes the folders of volumes. BuildKit: dispatchVolume changes the config alone.
  - It keeps the slash at the end of a WORKDIR. BuildKit: dispatchWorkdir, system.NormalizeWorkdir.
  - It makes folders 0755 that are there for an exception of the .dockerignore alone. BuildKit sends them as they are: fsutil,
    filterFS.Walk.
  - `+`, `(` and the like in a line of the .dockerignore are signs of regular expressions, and `**.o` is no end of a name.
    BuildKit: moby/patternmatcher, Pattern.compile and its suffixMatch.
  - An exception for a folder that no line keeps out lets in what later lines name in it. BuildKit: moby/patternmatcher,
    MatchesUsingParentResults.
  - A line that fits a folder which an earlier line keeps out already takes away what an exception between them let in.
    BuildKit does not ask that line: moby/patternmatcher, MatchesUsingParentResults.
  - It refuses a pattern that fits nothing, or only what the .dockerignore keeps out. BuildKit: dispatchCopy,
    AllowEmptyWildcard.
  - It takes a file that a pattern fits for a pattern again, and refuses `[` and the like in its name. BuildKit: fsutil/copy,
    ResolveWildcards.
  - It refuses to give one file a new name beyond ASCII (`COPY a /ü`): "io: read/write on closed pipe". An empty one it loses.
  - It makes a folder where the destination of one file is a link that leads nowhere. BuildKit writes the file to where the
    link leads: fsutil/copy, Copy.
  - An ENV wins over a later ARG that --build-arg gives. BuildKit goes by position: dispatchArg.
  - Where one source has a file and another a folder, it replaces one by the other, also what the image has. BuildKit refuses
    both: fsutil/copy, copyDirectoryOnly and ensureEmptyFileTarget.
  - It knows a stage by its name as it is written, BuildKit in any case: dispatchStates.findStateByName.
  - The ARGs of a stage end with it, even for a stage that is FROM it. BuildKit: dispatchState.init.
  - A working folder that RUN removed comes again as the property of USER. BuildKit: fsutil/copy, MkdirAll without --chown.
  - SHELL does not change how it writes CMD and ENTRYPOINT. BuildKit: dispatchCmd, withShell.
  - EXPOSE of a TCP port is lost where an earlier EXPOSE has a UDP port of that number. BuildKit: dispatchExpose.
  - RUN after VOLUME loses what it writes there: VOLUME stands at the end here. BuildKit: dispatchVolume.
  - RUN leaves the points where something was mounted: the base has them.
  - Folders that COPY --chmod=N makes, on the way and as the destination, are 0755. BuildKit: N & 0777, fsutil/copy, Copy
    (testCopyChmod); both are taken here.
  - Its RUN changes a file of several names in all of them, since it mounts a copy of the image. BuildKit mounts an
    overlay, which takes the names apart where a lower layer has them: Linux, Documentation/filesystems/overlayfs.rst,
    "Non-standard behavior". RUN changes no file in place here where a step before it left hard links.

  - A file of a layer below to which RUN gives names stays one of its own. In BuildKit's overlay it is one with them.

Where caasctl differs on purpose:

  - It refuses an archive whose hard link leads to what the archive replaces later.

Needs root (owners), buildah, umoci, and in PATH a static busybox and what caasctl runs commands by. A --work on a tmpfs is
faster.
"""
import os
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "ImageJudges"))

from judges import DockerfileJudge
from judging import judge_by_arguments

if __name__ == "__main__":
    judge_by_arguments(DockerfileJudge, "Builds random Dockerfiles by caasctl and buildah and compares them.")
