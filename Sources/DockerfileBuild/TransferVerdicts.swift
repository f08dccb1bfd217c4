import ImageLayers

/// The combined verdicts of several ignore rules on a folder.
///
/// The source's rules apply to the path in the source, the others to the path below the copied folder.
struct TransferVerdicts {
    private struct Verdict {
        let rules: IgnoreRules
        let isBySource: Bool
        var folder: IgnoreRules.FolderVerdict
    }

    private var verdicts: [Verdict] = []

    /// Evaluates the rules for the copied folder, which is at `path` in its source.
    init(source: IgnoreRules?, at path: [UInt8], below others: [IgnoreRules]) {
        if let source {
            verdicts.append(Verdict(rules: source, isBySource: true, folder: source.verdict(onFolder: path)))
        }
        for rules in others { verdicts.append(Verdict(rules: rules, isBySource: false, folder: rules.root)) }
    }

    /// Whether the folder itself is excluded; files in it may still be included.
    var isOut: Bool { verdicts.contains { $0.folder.isExcluded } }

    /// Returns the verdicts on a folder inside this one.
    func inside(_ path: [UInt8], below name: [UInt8]) -> TransferVerdicts {
        var inner = self
        for index in inner.verdicts.indices {
            let verdict = inner.verdicts[index]
            inner.verdicts[index].folder = verdict.rules.verdict(
                onFolder: verdict.isBySource ? path : name, in: verdict.folder)
        }
        return inner
    }

    /// Returns whether the rules exclude a file or link in this folder.
    func keepOut(_ path: [UInt8], below name: [UInt8]) -> Bool {
        verdicts.contains { $0.rules.excludes($0.isBySource ? path : name, in: $0.folder) }
    }

    /// Returns whether files below an excluded folder may still be included.
    func mayIncludeBelow(_ path: [UInt8], below name: [UInt8]) -> Bool {
        verdicts.allSatisfy { !$0.folder.isExcluded || $0.rules.mayIncludeBelow($0.isBySource ? path : name) }
    }
}
