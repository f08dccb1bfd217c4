import JSON
import POSIX
import SystemPackage
import TestSupport
import Testing

@testable import ImageLayers
import Wording

/// Tests for parsing the files and the output of Python's tools.
@Suite struct PythonTextTests {
    @Test(
        arguments: [
            ("#!/tmp/venv/bin/python3\nx", "#!/usr/bin/python3\nx"), ("#!python\nx", "#!/usr/bin/python3\nx"),
            ("#!/usr/bin/env python3\nx", nil), ("#!/bin/sh\nx", nil), ("x", nil),
            ("#!/bin/sh\n'''exec' \"/a b/python\" \"$0\" \"$@\"\n' '''\nx\ny", "#!/usr/bin/python3\nx\ny"),
            ("#!pythonw\nx", "#!/usr/bin/python3\nx"),
        ] as [(String, String?)])
    func `a script's first line names the image's Python`(script: String, expected: String?) {
        let changed = SitePackages.withInterpreter("/usr/bin/python3", Array(script.utf8))
        #expect(changed.map { String(decoding: $0, as: UTF8.self) } == expected)
    }

    @Test func `rows of RECORD are read and written as CSV`() {
        let rows = RecordRow.list("../../bin/x,sha256=a,1\n\"a,\"\"b\"\".py\",,\n/etc/x,,\na/../../b,,\nbad\n")
        #expect(rows.map(\.path) == ["bin/x", "a,\"b\".py"])
        #expect(rows.map(\.line) == ["bin/x,sha256=a,1", "\"a,\"\"b\"\".py\",,"])
    }

    @Test func `paths of RECORD are bytes`() {
        let paths = ["\u{301}a.py", "e\u{301}.py", "\u{E9}.py", "a\u{2028}b.py", "\"\u{301},.py", "a\u{600},b"]
        let text = paths.map { RecordRow(path: $0, hash: "h", size: "1").line }.joined(separator: "\r\n")
        let rows = RecordRow.list(text + "\na/../\u{301}x,,\n../\u{301}y,,\n/\u{301},,\n")
        #expect(rows.map { Array($0.path.utf8) } == (paths + ["\u{301}y"]).map { Array($0.utf8) })
    }

    @Test func `commands of entry points are found`() {
        let text = "[console_scripts]\na = m.n:f\nb.c=m:o.f [extra]\n[other]\nd = m:f\n[ gui_scripts ]\ne=m:f\n"
        #expect(EntryPoint.scripts(in: text).map(\.name) == ["a", "b.c", "e"])
        #expect(EntryPoint(name: "b", module: "m", object: "o.f").script("/p").contains("from m import o\n"))
    }

    @Test func `pins come from uv's list and from pip's report alike`() throws {
        let compiled =
            "# made\nFoo.Bar==1.0 \\\n    --hash=sha256:bb \\\n    --hash=sha256:aa\nx @ https://h/x.whl \\\n    --hash=sha256:cc\n"
        let pins = WheelPin.list(compiled: compiled)
        #expect(
            pins.map(\.line) == [
                "foo-bar==1.0 --hash=sha256:aa --hash=sha256:bb", "x @ https://h/x.whl --hash=sha256:cc",
            ])
        let report = try JSONValue(
            parsing: #"""
                {"install": [{"metadata": {"name": "Foo_Bar", "version": "1.0"}, "is_direct": false,
                "download_info": {"url": "https://h/f.whl", "archive_info": {"hash": "sha256=aa"}}}]}
                """#)
        #expect(try WheelPin.list(report: report).map(\.line) == ["foo-bar==1.0 --hash=sha256:aa"])
    }

    @Test(
        arguments: [
            ("ERROR: No matching distribution found for a==1.0", "a==1.0", nil),
            ("  cause: Because a==1.0 has no usable wheels and you require a==1.0, we can", "a==1.0", nil),
            ("  ╰─▶ Because a-b==1.0 has no wheels with a matching Python ABI tag", "a-b==1.0", nil),
            (
                "  cause: Because there is no version of a==99.0 and you require a==99.0", nil,
                "Because there is no version of a==99.0 and you require a==99.0"
            ),
            ("error: Failed to fetch: `https://h/`", nil, "Failed to fetch: `https://h/`"),
        ] as [(String, String?, String?)])
    func `complaints name the requirement or the cause`(line: String, requirement: String?, reason: String?) {
        let complaint = PythonComplaint(["error: No solution found when resolving dependencies:", line])
        #expect(complaint.requirement == requirement)
        if requirement == nil { #expect(complaint.reason == reason || reason?.hasPrefix("Failed") == true) }
    }

    @Test func `options of requirements files are found in those that they include`() throws {
        let folder = try TemporaryFolder()
        try folder.write("r/a.txt", "-r ../b/b.txt\n--index-url=https://u:p@h/simple?x=1\nfoo # -f x\n")
        try folder.write("b/b.txt", "--find-links wheels\n--no-index\n-f https://h/links\nbar \\\n  ==1\n")
        let file = try RequirementsFile(reading: folder("r/a.txt"))
        let wheels = folder("r/../b/wheels")
        #expect(
            file.options == [
                "--find-links \(wheels)", "--no-index", "-f https://h/links", "--index-url https://u:p@h/simple?x=1",
            ])
        try folder.write("b/b.txt", "-r ../r/a.txt\n")
        #expect(throws: Failure.self) { try RequirementsFile(reading: folder("r/a.txt")) }
    }

    @Test(arguments: [
        ("./evil", "a package is named by its name and version"), ("../evil[x]", "a package is named"),
        ("/abs/evil", "a package is named"), ("evil/", "a package is named"), ("evil.zip", "a package is named"),
        ("evil-1.0.tar.gz", "a package is named"), ("evil @ file:///evil", "a package is named"),
        ("evil@https://h/e.whl", "a package is named"), ("https://h/evil.whl", "a package is named"),
        ("git+https://h/evil", "a package is named"), ("C:\\evil", "a package is named"),
        ("-e ./evil", "an editable package runs its code"), ("-e./evil", "an editable package runs its code"),
        ("--editable=./evil", "an editable package runs its code"), ("--edit ./evil", "'--edit' of"),
        ("--pre -e evil", "an editable package runs its code"), ("--no-binary :all:", "'--no-binary' of"),
        ("foo --config-settings=a=b", "'--config-settings' of"),
        ("foo==1 \\\n --global-option=x", "'--global-option' of"),
        ("-c other.txt", "an editable package runs its code"), ("-rother.txt", "'-rother.txt' of"),
    ])
    func `what would run a package's code where the image is built is refused`(_ line: String, _ reason: String) throws
    {
        let folder = try TemporaryFolder()
        try folder.write("r.txt", "foo\n\(line)\n")
        try folder.write("other.txt", "-e evil\n")
        let error = #expect(throws: Failure.self) { try RequirementsFile(reading: folder("r.txt")) }
        #expect(error?.description.contains(reason) == true, "\(error?.description ?? "nothing")")
    }

    @Test func `names, versions, conditions and hashes are taken`() throws {
        let folder = try TemporaryFolder()
        let text = """
            # a @ comment ./with anything
            torch==2.4.0+cu121  # see https://h/x @ y
            foo[bar,baz] >=1,<2 ; python_version < "3.12" and sys_platform == "a/b"
            x==1 \\
                --hash=sha256:00 --hash=sha256:11
            --extra-index-url https://u:p@h/simple
            --prefer-binary
            name.with-dots_1 ~= 1.0
            """
        try folder.write("r.txt", text)
        #expect(try RequirementsFile(reading: folder("r.txt")).options == ["--extra-index-url https://u:p@h/simple"])
    }

    @Test func `what stands before a host is not shown`() {
        #expect("at https://user:token@h/x and http://t@h".withoutUser == "at https://h/x and http://h")
        #expect("https://h/a@b".withoutUser == "https://h/a@b")
    }
}
