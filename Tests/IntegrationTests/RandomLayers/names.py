"""Random names, modes, owners, times and contents."""
import hashlib

# Few, so that layers overlap.
COMMON_NAMES = [b"a", b"b.txt", b"c.o", b"d", b"app", b"data", b"src", b"lib", b"tmp", b"x", b"conf.d", b"run.sh"]
# Bytes that programs take for something else: no UTF-8, ends of lines, escapes, options, two spellings of one letter.
ODD_NAMES = [
    b"\xff\xfe", b"caf\xe9", b"two\nlines", b"tab\there", b" ", b" lead", b"trail ", b"-n", b"--help", b"back\\slash",
    b"\\n", b"\\303\\251", "é".encode(), "e\u0301".encode(), "名前".encode(), "\u202e".encode(), b"\x01", b"\x7f",
    b"quo'te", b'do"uble', b"$HOME", b"${X}", b"*", b"[a-z]", b"?", b"#", b"%41", b"=", b"a=b", b"...", b"..a", b"~",
    b"C:", b"x|y", b"@LongLink", b"PaxHeaders", b"n" * 255, "ü".encode() * 127, b"m" * 99, b"m" * 100, b"m" * 101,
    b".dockerignore.x", b"a.pyc", b"\xc3", b"\xed\xa0\x80",
]
FILE_MODES = [0o644] * 5 + [0o600, 0o755, 0o4755, 0o2755, 0o640, 0o444, 0o777, 0o1644, 0o000, 0o111, 0o6711]
FOLDER_MODES = [0o755] * 5 + [0o700, 0o711, 0o1777, 0o750, 0o2755, 0o000, 0o3770]
# The last are more than the seven octal digits of a tar's header hold.
OWNERS = [(0, 0)] * 5 + [(7, 8), (1000, 1001), (65534, 65534), (0, 50), (2097152, 2097151), (3000000000, 4000000000)]
# Zero, before 1980, with a fraction, after 2038, and more than eleven octal digits hold.
TIMES = [0, 1, 100, 315532800, 1_000_000_000.5, 1_700_000_000.25, 1_700_000_001, 2**31 + 7, 2**33 + 9]


def name(rng, taken, odd=0.25):
    """A name that is not taken; None where the pool gave none."""
    for _ in range(5):
        found = rng.choice(ODD_NAMES if rng.random() < odd else COMMON_NAMES)
        if rng.random() < 0.2 and len(found) < 200:
            found += b"%d" % rng.randrange(10)
        if found not in taken:
            return found
    return None


def content(rng):
    """Mostly little, and sizes about the blocks of a tar."""
    size = rng.choice([0, 0, 1, 5, 20, 100, 511, 512, 513, 1024, 5000, 70000])
    if rng.random() < 0.6:
        return (b"%d abcdefgh\n" % rng.randrange(1000) * (size // 10 + 1))[:size]
    return rng.randbytes(size)


def digest(content):
    return hashlib.sha256(content).hexdigest()
