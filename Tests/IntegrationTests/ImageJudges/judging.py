"""Makes an image of each seed, and says what its judges found."""
import argparse
import collections
import os
import random
import shutil
import sys

from bases import make_base
from programs import Failed, Programs


class Judge(Programs):
    def judge(self, rng, seed, folder):
        """Lines that say what is wrong with the image of a seed, made in `folder`, and how it was judged."""
        raise NotImplementedError

    def run(self, seed, count, keep):
        os.makedirs(self.work, exist_ok=True)
        places = ("storage", "home", "base", "base-bundle", "bundle", "bundle-of-base")
        self.remove(places)
        make_base(self)
        ways, found = collections.Counter(), 0
        for number in range(seed, seed + count):
            folder = os.path.join(self.work, f"seed-{number}")
            shutil.rmtree(folder, ignore_errors=True)
            os.makedirs(folder)
            try:
                lines, way = self.judge(random.Random(number), number, folder)
            except Failed as failure:
                lines, way = [str(failure)], "that failed"
            ways[way] += 1
            if lines:
                found += 1
                print(f"seed {number}:", *lines[:20], sep="\n    ", flush=True)
                if len(lines) > 20:
                    print(f"    and {len(lines) - 20} more")
            if not (lines and keep):
                shutil.rmtree(folder)
            if len(self.made) > 30:
                self.forget_images()
        self.forget_images()
        self.remove(places)
        told = "".join(f", {number} {way}" for way, number in sorted(ways.items()))
        print(f"{count} images{told}, {found} differences")
        return found

    def remove(self, names):
        for name in names:
            shutil.rmtree(os.path.join(self.work, name), ignore_errors=True)


def judge_by_arguments(kind, description):
    """Runs the judge that the command's arguments ask for, and ends with 1 where something is wrong."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--caasctl", required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--keep", action="store_true", help="leave the folder of a seed that fails")
    parser.add_argument("--times", action="store_true", help="say how long the programs took")
    options = parser.parse_args()
    os.umask(0o022)
    judge = kind(os.path.abspath(options.caasctl), os.path.abspath(options.work))
    found = judge.run(options.seed, options.count, options.keep)
    if options.times:
        for name, seconds in sorted(judge.spent.items()):
            print(f"{seconds:8.1f} s {name}", file=sys.stderr)
    sys.exit(1 if found else 0)
