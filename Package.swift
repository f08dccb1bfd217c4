// swift-tools-version: 6.2
import PackageDescription

// The settings of every module in this package. Warnings are errors, because tolerated warnings go unread.
let strict: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

// `make test` compiles each module only once, in the release configuration, so that tests need -enable-testing there.
let ours = strict + [.unsafeFlags(["-enable-testing"], .when(configuration: .release))]
// Optimising the tests takes longer than it saves.
let testing = strict + [.unsafeFlags(["-Onone"], .when(configuration: .release))]

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let systemPackage = Target.Dependency.product(name: "SystemPackage", package: "swift-system")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let nio: [Target.Dependency] = [
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOPosix", package: "swift-nio"),
    // Dependencies of NIO, named so that they count as used: SwiftPM warns about a pinned package that no target uses.
    .product(name: "Atomics", package: "swift-atomics"),
    .product(name: "DequeModule", package: "swift-collections"),
]

let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")

func module(_ name: String, _ dependencies: [Target.Dependency] = [], resources: [Resource] = []) -> Target {
    .target(name: name, dependencies: dependencies, resources: resources, swiftSettings: ours)
}

func program(_ name: String, _ dependencies: [Target.Dependency], linker: [LinkerSetting] = []) -> Target {
    .executableTarget(name: name, dependencies: dependencies, swiftSettings: ours, linkerSettings: linker)
}

/// The unit tests of one module or of the modules that build images, or the integration tests.
func tests(
    _ name: String, _ dependencies: [Target.Dependency], support: [Target.Dependency] = ["TestSupport"],
    resources: [Resource] = []
) -> Target {
    .testTarget(
        name: name, dependencies: dependencies + support, resources: resources, swiftSettings: testing)
}

// Links Swift's runtime statically, so that caasctl runs where Swift is not installed. The flag --static-swift-stdlib
// would compile every module again, and Testing does not exist for it. It would also find Foundation's own libraries,
// which are therefore named here.
let staticSwift =
    ["-static-stdlib", "-lCoreFoundation", "-l_FoundationCShims", "-l_FoundationCollections", "-l_FoundationICU"]

// PID 1 is a static executable without a dynamic loader or shared libraries, so that nothing in an image can be loaded
// into it. Its libcurl is the one that scripts/setup.sh builds. The entry point caas_start is in Sources/CProcessStart.
let cache = Context.environment["CAASCTL_CACHE"] ?? "\(Context.packageDirectory)/.cache"
let staticLinking =
    ["-static-executable", "-use-ld=lld", "-L\(cache)/curl/lib", "-lcurl", "-lssl", "-lcrypto"]
    + ["-e", "caas_start", "--build-id=none"].flatMap { ["-Xlinker", $0] }

func cLibrary(_ name: String, _ pkgConfig: String, apt: String) -> Target {
    .systemLibrary(name: name, pkgConfig: pkgConfig, providers: [.apt([apt])])
}

let package = Package(
    name: "caasctl",
    products: [
        .executable(name: "caasctl", targets: ["caasctl"]),
        .executable(name: "caas-entrypoint", targets: ["caas-entrypoint"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-system", exact: "1.8.1"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", exact: "1.0.2", traits: []),
        // Transitive dependencies, pinned because SwiftPM would otherwise resolve them to the newest version.
        .package(url: "https://github.com/apple/swift-atomics", exact: "1.3.0"),
        .package(url: "https://github.com/apple/swift-collections", exact: "1.6.0"),
    ],
    targets: [
        // Programs
        program(
            "caasctl",
            [
                "ByteText", "Sandbox", "Deployment", "DockerfileBuild", "ImageBuild", "EntrypointPacking",
                "StepExecution", "ImageLayers", "ImageInspection", "Definitions", "Registry", "ImageStore",
                "RunContract",
                "ObjectStorage", "OCI", "HTTP", "Archive", "Terminal", "Wording", "Secrets",
                "Timestamps",
                "JSON", "POSIX", argumentParser, systemPackage,
            ],
            linker: [.unsafeFlags(staticSwift, .when(configuration: .release))]),
        program(
            "caas-entrypoint",
            [
                "ByteText", "Supervision", "RunContract", "HTTP", "POSIX", "CProcessStart",
            ],
            linker: [.unsafeFlags(staticLinking, .when(configuration: .release))]),

        // Modules of the programs
        module(
            "Sandbox",
            [
                "ByteText", "Deployment", "Definitions", "RunContract", "Registry", "ImageStore", "Containers", "OCI",
                "HTTP", "Processes", "Wording", "Hashing", "Secrets", "Timestamps",
                "JSON", "POSIX", "CLibCrypt", systemPackage, nioHTTP1,
            ] + nio),
        module(
            "Deployment",
            [
                "ByteText", "Definitions", "RunContract", "ObjectStorage", "OCI", "HTTP", "Wording",
                "Hashing",
                "Secrets", "Timestamps", "JSON", "POSIX", systemPackage,
            ]),
        module(
            "DockerfileBuild",
            [
                "ByteText", "ImageBuild", "StepExecution", "ImageLayers", "Definitions", "Dockerfile", "ImageStore",
                "RunContract", "OCI", "HTTP", "Archive", "Processes", "Wording", "Hashing", "Secrets", "JSON", "POSIX",
                systemPackage,
            ]),
        module(
            "ImageBuild",
            [
                "ByteText", "EntrypointPacking", "ImageLayers", "Definitions", "ImageStore", "RunContract", "OCI",
                "Archive", "Wording", "Timestamps", "JSON", "POSIX", systemPackage,
            ]),
        module(
            "EntrypointPacking",
            [
                "ImageLayers", "ImageStore", "RunContract", "OCI", "Archive", "Processes", "Wording", "JSON", "POSIX",
                systemPackage,
            ]),
        module(
            "StepExecution",
            [
                "ByteText", "ImageLayers", "ImageStore", "Containers", "RunContract", "OCI", "Archive", "Processes",
                "Wording",
                "Hashing",
                "Secrets", "Timestamps", "JSON", "POSIX", systemPackage,
            ]),
        module(
            "ImageLayers",
            [
                "ByteText", "Definitions", "ImageStore", "OCI", "HTTP", "Archive", "Processes", "Wording", "Hashing",
                "Timestamps", "JSON", "POSIX", systemPackage,
            ]),
        module(
            "Supervision",
            [
                "ByteText", "RunContract", "ObjectStorage", "HTTP", "Wording", "Hashing", "Secrets", "Timestamps",
                "JSON",
                "POSIX",
                "CLinux", systemPackage,
            ] + nio,
            resources: ["page.html", "page.css", "page.js"].map { .embedInCode("Page/Assets/\($0)") }),
        module(
            "Definitions",
            ["ByteText", "RunContract", "OCI", "Secrets", "Wording", "JSON", "POSIX", systemPackage, yams]),

        module("Dockerfile", ["ByteText", "Wording", "JSON"]),

        // Formats and protocols
        module(
            "Registry",
            [
                "ByteText", "ImageStore", "OCI", "HTTP", "Processes", "Wording", "Hashing", "Secrets", "Timestamps",
                "JSON", "POSIX",
                systemPackage,
            ]),
        module(
            "ImageStore",
            ["ByteText", "OCI", "Archive", "Wording", "Hashing", "Timestamps", "JSON", "POSIX", systemPackage]),
        module(
            "ImageInspection",
            [
                "ByteText", "ImageStore", "OCI", "Archive", "Terminal", "Hashing", "Wording", "Timestamps", "JSON",
                "POSIX",
                systemPackage,
            ]),
        module("RunContract", ["ByteText", "Wording", "Hashing", "Secrets", "Timestamps", "JSON", systemPackage]),
        module(
            "ObjectStorage",
            ["ByteText", "HTTP", "Wording", "Hashing", "Secrets", "Timestamps", "JSON", "POSIX", systemPackage]),
        module("Containers", ["ByteText", "Processes", "Wording", "JSON", "POSIX", "CLinux", systemPackage]),
        module("OCI", ["ByteText", "Wording", "Hashing", "JSON", systemPackage]),
        module("HTTP", ["ByteText", "CLibCurl", "JSON", "Timestamps", "POSIX", systemPackage]),
        module(
            "Archive",
            ["CLibArchive", "CLibISAL", "CLibZ", "CLibZstd", "Wording", "Hashing", "POSIX", "CLinux", systemPackage]),

        // Foundations
        module("Terminal", ["Wording", "POSIX", "CLinux"]),
        module("Processes", ["Wording", "POSIX", "CLinux", systemPackage, subprocess]),
        module("Wording"),
        module("ByteText"),
        module("Hashing", ["CLibCrypto", "CSHA256"]),
        module("Secrets"),
        module("Timestamps"),
        module("JSON"),
        module("POSIX", ["ByteText", "Wording", "CLinux", systemPackage]),
        // Without optimisation the SHA-256 rounds, and so every test that uploads, take twenty times as long.
        .target(name: "CSHA256", dependencies: ["CLibCrypto"], cSettings: [.unsafeFlags(["-O2"])]),
        .target(name: "CProcessStart", cSettings: [.define("CAAS_STATIC", .when(configuration: .release))]),
        cLibrary("CLibArchive", "libarchive", apt: "libarchive-dev"),
        // Without pkg-config, whose -L would precede the -L of the entrypoint's own libcurl.
        .systemLibrary(name: "CLibCrypto"),
        cLibrary("CLibCrypt", "libcrypt", apt: "libcrypt-dev"),
        .systemLibrary(name: "CLibCurl"),
        cLibrary("CLibISAL", "libisal", apt: "libisal-dev"),
        cLibrary("CLibZ", "zlib", apt: "zlib1g-dev"),
        cLibrary("CLibZstd", "libzstd", apt: "libzstd-dev"),
        .systemLibrary(name: "CLinux"),

        // Tests
        .target(
            name: "TestSupport",
            dependencies: ["HTTP", "JSON", "POSIX", "CLinux", systemPackage, subprocess, nioHTTP1] + nio,
            path: "Tests/TestSupport", swiftSettings: strict),
        .target(
            name: "CloudSupport",
            dependencies: ["Sandbox", "TestSupport", "HTTP", "Secrets", "JSON", "POSIX"],
            path: "Tests/CloudSupport", swiftSettings: strict),
        tests("JSONTests", ["JSON"]),
        tests("DockerfileTests", ["Dockerfile", "Wording"], support: []),
        tests("HashingTests", ["Hashing"], support: []),
        tests("TimestampsTests", ["Timestamps"], support: []),
        tests("ByteTextTests", ["ByteText"], support: []),
        tests("SecretsTests", ["Secrets", "JSON"]),
        tests("TerminalTests", ["Terminal"], support: []),
        tests("WordingTests", ["Wording", "JSON"], support: []),
        tests("POSIXTests", ["POSIX", "CLinux", systemPackage]),
        tests("ProcessesTests", ["Processes", "Wording", "POSIX", systemPackage]),
        tests("HTTPTests", ["HTTP", "POSIX", "Timestamps", "CLinux", systemPackage]),
        tests("OCITests", ["OCI", "Wording", "JSON", systemPackage], support: []),
        tests("ArchiveTests", ["Archive", "CLibISAL", "Wording", "CLinux", "Hashing", "POSIX", systemPackage]),
        tests(
            "ImageStoreTests", ["ImageStore", "Archive", "OCI", "Wording", "Hashing", "JSON", "POSIX", systemPackage]),
        tests(
            "RegistryTests",
            [
                "Wording", "CLinux", "Registry", "ImageStore", "OCI", "HTTP", "Hashing", "Secrets", "Timestamps",
                "JSON", "POSIX",
                systemPackage,
            ]),
        tests(
            "ImageInspectionTests",
            ["ImageInspection", "ImageStore", "OCI", "Wording", "Hashing", "JSON", "POSIX", systemPackage]),
        tests(
            "RunContractTests",
            ["RunContract", "Wording", "Hashing", "Secrets", "JSON", "Timestamps", "POSIX", systemPackage]),
        tests(
            "ObjectStorageTests",
            [
                "ObjectStorage", "HTTP", "Hashing", "Secrets", "Timestamps", "JSON", "POSIX", "CLinux", systemPackage,
                nioHTTP1,
            ] + nio,
            resources: [.copy("Vectors")]),
        tests(
            "DefinitionsTests",
            ["Definitions", "RunContract", "OCI", "Wording", "Secrets", "JSON", "POSIX", systemPackage]),
        tests(
            "SupervisionTests",
            [
                "ByteText", "Definitions", "Supervision", "RunContract", "ObjectStorage", "HTTP", "Hashing", "Secrets",
                "Timestamps",
                "JSON", "POSIX", "CLinux",
                systemPackage,
            ]),
        tests(
            "ImageBuildTests",
            [
                "DockerfileBuild", "ImageBuild", "EntrypointPacking", "StepExecution", "ImageLayers", "Definitions",
                "Dockerfile", "ImageStore", "RunContract", "Archive", "OCI", "HTTP", "Processes", "Wording", "Hashing",
                "JSON", "POSIX", systemPackage,
            ]),
        tests(
            "DeploymentTests",
            [
                "Deployment", "Definitions", "RunContract", "ObjectStorage", "OCI", "HTTP", "Wording", "Secrets",
                "Timestamps",
                "JSON", "POSIX", systemPackage,
            ], support: ["TestSupport", "CloudSupport"]),
        tests("ContainersTests", ["Containers", "POSIX", systemPackage], support: []),
        tests(
            "SandboxTests",
            [
                "Sandbox", "Deployment", "Definitions", "Containers", "OCI", "HTTP", "Wording", "Secrets", "Timestamps",
                "JSON",
                "POSIX", systemPackage,
            ], support: ["TestSupport", "CloudSupport"]),
        tests(
            "IntegrationTests",
            [
                "Definitions", "RunContract", "ObjectStorage", "OCI", "HTTP", "Hashing", "Secrets", "Timestamps",
                "JSON",
                "POSIX",
                systemPackage,
            ], support: ["TestSupport", "CloudSupport"],
            resources: ["Dockerfiles", "ImageJudges", "RandomDockerfiles", "RandomLayers", "Texts"].map { .copy($0) }),
    ],
    swiftLanguageModes: [.v6]
)

let fuzzed: [Target.Dependency] = [
    "Archive", "Definitions", "Dockerfile", "DockerfileBuild", "HTTP", "ImageLayers", "ImageStore", "JSON", "OCI",
    "ObjectStorage", "POSIX", "Registry", "RunContract", "Secrets", "Timestamps", "Hashing", "CLinux", systemPackage,
]

if Context.environment["CAASCTL_FUZZ"] != nil {
    // `make fuzz` alone: its program links with libFuzzer, whose main it has.
    package.targets.append(
        .executableTarget(
            name: "fuzzing", dependencies: fuzzed, path: "Tests/Fuzzing", exclude: ["SeedTests.swift"],
            swiftSettings: strict + [.unsafeFlags(["-parse-as-library"])]))
} else {
    package.targets.append(
        .testTarget(
            name: "FuzzingTests", dependencies: fuzzed + ["TestSupport"], path: "Tests/Fuzzing",
            swiftSettings: testing))
}
