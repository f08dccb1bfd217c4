import POSIX
import RunContract
import SystemPackage

/// What a finished stage leaves, and whether all of it can be brought back on another machine.
struct StageOutputs: Sendable {
    private let data: FilePath
    let patterns: [GlobPattern]
    /// What there was when the stage ended.
    let found: FolderSurvey
    /// Why the stage has to run again on a machine that has nothing of it, nil where it need not.
    let gap: String?

    /// Looks at what a stage has left; `artifacts` are the places below the data folder that the run's result is made of.
    ///
    /// What the stage wrote into an artifact since it `began`, and what no pattern names, would be missing on another
    /// machine, where the run could never end.
    init(
        _ patterns: [GlobPattern], data: FilePath, artifacts: [FilePath], began: Int64
    ) throws(POSIXError) {
        self.data = data
        self.patterns = patterns
        var missing: [GlobPattern] = []
        found = try FolderSurvey(outputs: patterns, data: data, missing: &missing)
        if let pattern = missing.first {
            gap = "it left nothing that its output '\(pattern.text)' names"
        } else if let problem = found.problems.first {
            gap = problem
        } else if patterns.isEmpty {
            gap = "it declares no outputs"
        } else {
            gap = try Self.uncovered(found, artifacts, data: data, began: began)
        }
    }

    /// The same look once more.
    func survey() throws(POSIXError) -> FolderSurvey {
        var missing: [GlobPattern] = []
        return try FolderSurvey(outputs: patterns, data: data, missing: &missing)
    }

    private static func uncovered(
        _ found: FolderSurvey, _ artifacts: [FilePath], data: FilePath, began: Int64
    ) throws(POSIXError) -> String? {
        let covered = Set(found.files.map(\.path) + found.tree.links.map { $0.path.path(below: data) })
        for artifact in artifacts {
            let survey: FolderSurvey
            do throws(POSIXError) { survey = try FolderSurvey(artifact: artifact, data: data) } catch {
                guard error.errno == .noSuchFileOrDirectory else { throw error }
                continue
            }
            let isNew = survey.files.first { $0.snapshot.modified >= began && !covered.contains($0.path) }
            if let isNew { return "it wrote \(isNew.path) for an artifact, and none of its outputs names that" }
        }
        return nil
    }
}
