/// What all rules together say of a folder on its way: those of the source by the path there, the others by the path
/// below the folder that is copied.
struct TransferVerdicts {
    private struct Verdict {
        let rules: IgnoreRules
        let isBySource: Bool
        var folder: IgnoreRules.FolderVerdict
    }

    private var verdicts: [Verdict] = []

    /// What they say of the folder that is copied, which is at `path` in its source.
    init(source: IgnoreRules?, at path: [UInt8], below others: [IgnoreRules]) {
        if let source {
            verdicts.append(Verdict(rules: source, isBySource: true, folder: source.verdict(onFolder: path)))
        }
        for rules in others { verdicts.append(Verdict(rules: rules, isBySource: false, folder: rules.root)) }
    }

    /// True where the folder stays out, though something inside may not.
    var isOut: Bool { verdicts.contains { $0.folder.isExcluded } }

    /// What they say of a folder inside this one.
    func inside(_ path: [UInt8], below name: [UInt8]) -> TransferVerdicts {
        var inner = self
        for index in inner.verdicts.indices {
            let verdict = inner.verdicts[index]
            inner.verdicts[index].folder = verdict.rules.verdict(
                onFolder: verdict.isBySource ? path : name, in: verdict.folder)
        }
        return inner
    }

    /// True where they keep out a file or link in this folder.
    func keepOut(_ path: [UInt8], below name: [UInt8]) -> Bool {
        verdicts.contains { $0.rules.excludes($0.isBySource ? path : name, in: $0.folder) }
    }

    /// True where something below this folder may come along, though it stays out itself.
    func mayIncludeBelow(_ path: [UInt8], below name: [UInt8]) -> Bool {
        verdicts.allSatisfy { !$0.folder.isExcluded || $0.rules.mayIncludeBelow($0.isBySource ? path : name) }
    }
}
