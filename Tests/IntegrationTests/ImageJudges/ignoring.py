"""What a .dockerignore keeps out, by the rules of a library of moby's that no program here carries out."""
import os
import re

from comparison import tree


class IgnoreRules:
    """What a .dockerignore keeps out, as moby/patternmatcher's MatchesUsingParentResults finds it."""

    def __init__(self, lines):
        self.rules = []
        for line in lines:
            if line.startswith("#") or not line.strip():
                continue
            line = line.strip()
            is_exception = line.startswith("!")
            line = os.path.normpath(line.removeprefix("!").strip())
            line = "/" + line.lstrip("/") if line.startswith("/") else line
            if line.startswith("/") and len(line) > 1:
                line = line[1:]
            if line == ".":
                continue
            self.rules.append((is_exception, re.compile(self.expression(line), re.DOTALL)))

    @staticmethod
    def expression(pattern):
        text, at = "", 0
        if re.fullmatch(r"\*\*[^*?\\[\]]+", pattern):
            # Its suffixMatch: `**.o` is the end of a name too, other than where a wildcard follows.
            return r"(.*/)?" + re.escape(pattern[3:]) + r"\Z" if pattern[2] == "/" else ".*" + re.escape(pattern[2:]) + r"\Z"
        while at < len(pattern):
            rest = pattern[at:]
            if rest.startswith("**"):
                at += 3 if rest.startswith("**/") else 2
                text += ".*" if at >= len(pattern) else "(.*/)?"
                continue
            text += {"*": "[^/]*", "?": "[^/]", "[": "[", "]": "]", "-": "-", "^": "^"}.get(rest[0], re.escape(rest[0]))
            at += 1
        return text + r"\Z"

    def judge(self, path, parent):
        """Whether a path is kept out, and which rules it or a folder above it fits."""
        is_out, fits = False, []
        for (is_exception, expression), above in zip(self.rules, parent or [False] * len(self.rules)):
            does_fit = above or is_exception == is_out and expression.match(path) is not None
            fits.append(does_fit)
            if does_fit:
                is_out = not is_exception
        return is_out, fits

    def is_out_for_old_tools(self, path):
        """Whether a path is kept out by moby/patternmatcher's older MatchesOrParentMatches, which asks every rule."""
        parts, is_out = path.split("/"), False
        for is_exception, expression in self.rules:
            if any(expression.match("/".join(parts[:end])) for end in range(1, len(parts) + 1)):
                is_out = not is_exception
        return is_out


def expected_context(folder, rules):
    """The tree that `COPY . /` makes: what is kept, with the folders above it, and root's."""
    found, _ = tree(folder)
    kept, verdicts = {}, {}
    for path in sorted(found, key=lambda p: p.count(b"/")):
        parent = os.path.dirname(path)
        is_out, verdicts[path] = rules.judge(os.fsdecode(path[1:]), verdicts.get(parent))
        if not is_out:
            while path != b"/":
                kept[path] = found[path]
                path = os.path.dirname(path)
    return kept, {}
