import ImageLayers
import ImageStore
import OCI
import POSIX
import SystemPackage
import TestSupport
import Testing
import Wording

/// Tests for layers of wheels from a folder, which need no network.
@Suite struct PythonLayerTests {
    private let fixture: BuildFixture
    private var folder: TemporaryFolder { fixture.folder }

    init() throws {
        fixture = try BuildFixture()
        try fixture.shareInstallers()
    }

    /// Makes a package with a command, a script and a file, its dependency, and a package without a wheel.
    private static let wheels = """
        import base64, hashlib, os, sys, tarfile, zipfile
        def wheel(name, version, files, metadata="", tag="py3-none-any"):
            info = f"{name}-{version}.dist-info"
            files = dict(files)
            files[f"{info}/METADATA"] = f"Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n{metadata}"
            files[f"{info}/WHEEL"] = f"Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: {tag}\\n"
            rows = []
            for path, text in files.items():
                digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
                rows.append(f"{path},sha256={digest},{len(text)}")
            files[f"{info}/RECORD"] = "\\n".join(rows + [f"{info}/RECORD,,"]) + "\\n"
            with zipfile.ZipFile(f"{name}-{version}-{tag}.whl", "w") as z:
                for path, text in files.items():
                    entry = zipfile.ZipInfo(path, (2020, 1, 1, 0, 0, 0))
                    entry.external_attr = (0o755 if "/scripts/" in path else 0o644) << 16
                    z.writestr(entry, text)
        os.makedirs(sys.argv[1]); os.chdir(sys.argv[1])
        wheel("demo", "1.0", {
            "demo/__init__.py": "from needed import answer\\ndef main(): print('answer', answer)\\n",
            "demo-1.0.dist-info/entry_points.txt": "[console_scripts]\\ndemo = demo:main\\n",
            "demo-1.0.data/scripts/tool": "#!python\\nprint('tool')\\n",
            "demo-1.0.data/data/share/demo.txt": "data\\n",
        }, "Requires-Dist: needed>=1\\n")
        wheel("needed", "1.1", {"needed.py": "answer = 42\\n"})
        wheel("native", "1.0", {"native.py": "\\n"}, tag="cp311-cp311-manylinux_2_28_x86_64")
        wheel("other", "1.0", {"other.py": "\\n"}, tag="cp311-cp311-win_amd64")
        tarfile.open("source-1.0.tar.gz", "w:gz").close()
        """

    private func makeWheels() async throws {
        try FileSystem.makeFolder(folder("image"))
        try await Command("python3", ["-c", Self.wheels, folder("image/wheels").string]).succeed()
    }

    private func build(_ requirements: String, version: String = "3.11", home: String = "home") async throws
        -> StoredImage
    {
        try folder.write("image/requirements.txt", "--no-index\n--find-links wheels\n" + requirements)
        return try await fixture.build(
            """
            name: app
            base: scratch
            layers:
              - python: {requirements: requirements.txt, version: "\(version)", into: /opt/site}
            """)
    }

    private func text(_ image: StoredImage, _ path: String) async throws -> String {
        let blob = fixture.store.path(of: image.manifest.layers[0].digest)
        return try await Command("bsdtar", ["-xOf", blob.string, path]).succeed()
    }

    @Test func `packages get the image's interpreter, a RECORD that fits, and bytecode that stays`() async throws {
        try await makeWheels()
        let image = try await build("demo\n")
        let names = try await fixture.list(image).map { String($0.split(separator: " ").last ?? "") }
        #expect(
            names.filter { !$0.contains("__pycache__") } == [
                "opt/", "opt/site/", "opt/site/bin/", "opt/site/bin/demo", "opt/site/bin/tool", "opt/site/demo/",
                "opt/site/demo/__init__.py", "opt/site/demo-1.0.dist-info/", "opt/site/demo-1.0.dist-info/INSTALLER",
                "opt/site/demo-1.0.dist-info/METADATA", "opt/site/demo-1.0.dist-info/RECORD",
                "opt/site/demo-1.0.dist-info/WHEEL", "opt/site/demo-1.0.dist-info/entry_points.txt",
                "opt/site/needed-1.1.dist-info/", "opt/site/needed-1.1.dist-info/INSTALLER",
                "opt/site/needed-1.1.dist-info/METADATA", "opt/site/needed-1.1.dist-info/RECORD",
                "opt/site/needed-1.1.dist-info/WHEEL", "opt/site/needed.py", "opt/site/share/",
                "opt/site/share/demo.txt",
            ])
        #expect(try await text(image, "opt/site/bin/demo").hasPrefix("#!/usr/bin/python3\n"))
        #expect(try await text(image, "opt/site/bin/tool") == "#!/usr/bin/python3\nprint('tool')")
        #expect(try await text(image, "opt/site/demo-1.0.dist-info/INSTALLER") == "caasctl")
        #expect(image.config.environment.first { $0.name == "PYTHONPATH" }?.value == "/opt/site")
        #expect(
            image.config.environment.first { $0.name == "PATH" }?.value.hasPrefix("/opt/site/bin:/usr/local/") == true)
        // Checks in the image's paths that every digest in RECORD is right, and that all bytecode is up to date.
        try FileSystem.makeFolder(folder("root"))
        let blob = fixture.store.path(of: image.manifest.layers[0].digest)
        try await Command("bsdtar", ["-xf", blob.string, "-C", folder("root").string]).succeed()
        let check = """
            import base64, csv, hashlib, pathlib, sys
            site = pathlib.Path(sys.argv[1])
            for record in site.glob("*.dist-info/RECORD"):
                for path, digest, size in csv.reader(record.open()):
                    if path == f"{record.parent.name}/RECORD": continue
                    content = (site / path).read_bytes()
                    found = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
                    assert digest == f"sha256={found}" and int(size) == len(content), path
            caches = list(site.rglob("*.pyc"))
            assert len(caches) == 2, caches
            for cache in caches:
                content = cache.read_bytes()
                assert content[4:8] == bytes(4), cache
                source = cache.parent.parent / (cache.name.split(".")[0] + ".py")
                assert content[8:12] == int(source.stat().st_mtime).to_bytes(4, "little"), cache
                assert str(site).encode() not in content and b"/opt/site/" in content, cache
            """
        try await Command("python3", ["-c", check, folder("root/opt/site").string]).succeed()
    }

    @Test func `folders above the packages stay what a files layer says of them`() async throws {
        try await makeWheels()
        try folder.write("image/requirements.txt", "--no-index\n--find-links wheels\nneeded\n")
        try folder.write("image/tree/app/file", "")
        let image = try await fixture.build(
            """
            name: app
            base: scratch
            layers:
              - files: {from: tree, into: /srv, owner: "7:8"}
              - python: {requirements: requirements.txt, version: "3.11", into: /srv/app/site}
            """)
        let blob = fixture.store.path(of: image.manifest.layers[1].digest)
        let listing = try await Command("bsdtar", ["--numeric-owner", "-tvf", blob.string]).succeed()
        #expect(listing.contains(#/drwxr-xr-x +\d+ +7 +8 .* srv\/app\/\n/#), "\(listing)")
    }

    /// Unchecked bytecode would override a module that a later layer or a patch in the container replaces.
    @Test func `a module of a later layer is what runs, whatever bytecode lies below`() async throws {
        try await makeWheels()
        try folder.write("image/requirements.txt", "--no-index\n--find-links wheels\nneeded\n")
        try folder.write("image/mended/needed.py", "answer = 43\n")
        let image = try await fixture.build(
            """
            name: app
            base: scratch
            layers:
              - python: {requirements: requirements.txt, version: "3.11", into: /opt/site}
              - files: {from: mended, into: /opt/site}
            """)
        try FileSystem.makeFolder(folder("root"))
        var answers: [String] = []
        for layer in image.manifest.layers {
            let blob = fixture.store.path(of: layer.digest)
            try await Command("bsdtar", ["-xf", blob.string, "-C", folder("root").string]).succeed()
            let outcome = try await Command(
                "python3", ["-B", "-v", "-c", "import needed; print(needed.answer)"],
                environment: ["PYTHONPATH": folder("root/opt/site").string]
            ).run()
            let isCompiled = outcome.errors.contains(
                "# code object from '\(folder("root/opt/site/__pycache__/needed"))")
            answers.append("\(outcome.output.dropLast()) \(isCompiled)")
        }
        #expect(answers == ["42 true", "43 false"])
    }

    @Test func `uv and pip make the same layer, which is known again without either's work`() async throws {
        try await makeWheels()
        let list = "demo\nnative; python_version == '3.11'\n"
        let pip = try await build(list)
        #expect(try await build(list).descriptor == pip.descriptor)
        let other = try BuildFixture()
        try await Command("cp", ["-r", folder("image").string, other.folder("image").string]).succeed()
        let path = "\(Checkout.cache)/python/bin"
        let uv = FilePath(path).appending("uv")
        try #require(FileSystem.exists(uv), "make setup-test brings uv")
        let text = """
            name: app
            base: scratch
            layers:
              - python: {requirements: requirements.txt, version: "3.11", into: /opt/site}
            """
        try other.folder.write("image/image.yaml", text)
        let digest = try await Command(
            Checkout.program("caasctl"), ["build", "image"],
            environment: [
                "CAASCTL_HOME": other.folder("home").string,
                "PATH": "\(path):\(ProcessEnvironment.value("PATH") ?? "")",
                "SOURCE_DATE_EPOCH": "0",
            ], in: other.folder.path
        ).succeed()
        #expect(digest == pip.descriptor.digest.description)
    }

    /// The traps: modules that shadow Python's, and a wheel with a dependency that must be built.
    @Test func `building a stranger's image runs none of his code, and shows none of our keys`() async throws {
        try await makeWheels()
        let trap = "open('\(folder("trapped"))', 'a').write(__file__)\n"
        for name in ["pip", "compileall", "runpy", "subprocess", "setup"] {
            for place in ["image", "image/evil", "."] { try folder.write("\(place)/\(name).py", trap) }
        }
        try folder.write(
            "image/evil/pyproject.toml",
            "[build-system]\nrequires = []\nbuild-backend = 'setup'\nbackend-path = ['.']\n")
        try folder.write("image/uv.toml", "no-build = false\n")
        let makeTrap = """
            import sys, zipfile
            with zipfile.ZipFile(sys.argv[1] + "/trap-1.0-py3-none-any.whl", "w") as z:
                z.writestr("trap.py", "")
                z.writestr("trap-1.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: trap\\nVersion: 1.0\\n"
                    + f"Requires-Dist: evil @ file://{sys.argv[2]}\\n")
                z.writestr("trap-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
                z.writestr("trap-1.0.dist-info/RECORD", "")
            """
        try await Command("python3", ["-c", makeTrap, folder("image/wheels").string, folder("image/evil").string])
            .succeed()
        func build(_ requirements: String, path: String = "") async throws -> (status: Int, said: String) {
            try folder.write("image/requirements.txt", "--no-index\n--find-links wheels\n" + requirements)
            let layer = "python: {requirements: requirements.txt, version: '3.11', into: /opt/site}"
            try folder.write("image/image.yaml", "name: app\nbase: scratch\nlayers:\n  - \(layer)\n")
            let outcome = try await Command(
                Checkout.program("caasctl"), ["build", "image"],
                environment: [
                    "CAASCTL_HOME": folder("home").string, "IOCLOUD_API_KEY": "trapped-key",
                    "R2_SECRET_ACCESS_KEY": "k",
                    "PATH": path + (ProcessEnvironment.value("PATH") ?? ""), "PYTHONPATH": folder.path.string,
                ], in: folder.path
            ).run()
            return (Int(outcome.status), outcome.errors)
        }
        let uv = "\(Checkout.cache)/python/bin:"
        for path in ["", uv] {
            #expect(try await build("demo\n", path: path).status == 0)
            let trap = try await build("trap\n", path: path)
            #expect(trap.status == 1 && !trap.said.contains("Traceback"), "\(trap.said)")
            #expect(!FileSystem.exists(folder("trapped")), "\(trap.said)")
        }
        #expect(
            try await build("trap\n").said.contains("would be built, which runs its code here; only wheels are taken"))
        // Programs get paths, but none of the user's keys.
        let spy = "#!/bin/sh\nenv >>'\(folder("seen"))'\nexit 1\n"
        try folder.write("bin/uv", spy, mode: 0o755)
        _ = try await build("demo\nneeded\n", path: "\(folder("bin")):")
        let seen = String(decoding: try FileSystem.read(folder("seen")), as: UTF8.self)
        #expect(seen.contains("PATH=") && !seen.contains("trapped-key") && !seen.contains("R2_"), "\(seen)")
    }

    @Test(arguments: ["source==1.0", "other==1.0", "nothing==2"])
    func `a requirement without a wheel is named`(requirement: String) async throws {
        try await makeWheels()
        let error = await #expect(throws: Failure.self) { _ = try await build("demo\n\(requirement)\n") }
        #expect(
            error?.description
                == "cannot install '\(requirement)': it has no wheel for Python 3.11 on linux/amd64")
    }

    @Test func `a Python that this machine lacks gets no bytecode, and that is said`() async throws {
        try await makeWheels()
        let image = try await build("needed\n", version: "3.99")
        #expect(try await fixture.list(image).allSatisfy { !$0.contains(".pyc") })
        #expect(fixture.events.warnings.contains { $0.contains("there is no python3.99 on this machine") })
    }
}
