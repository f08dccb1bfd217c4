import POSIX
import RunContract
import SystemPackage

/// The outputs of a finished stage, and whether they can be restored completely on another machine.
struct StageOutputs: Sendable {
    private let data: FilePath
    let patterns: [GlobPattern]
    /// The outputs when the stage ended.
    let found: FolderSurvey
    /// The first pattern that matched nothing, so that the stage has not done what it is there for.
    let missing: GlobPattern?
    /// Why a machine without the stage's files must run the stage again, nil if it need not.
    let gap: String?

    /// Surveys a stage's outputs; `artifacts` are the paths below the data folder of the run's artifacts.
    ///
    /// Files that the stage has written into an artifact since `began` and that match no pattern are a gap. They would
    /// be missing on another machine, where the run could never complete.
    init(
        _ patterns: [GlobPattern], data: FilePath, artifacts: [FilePath], began: Int64
    ) throws(POSIXError) {
        self.data = data
        self.patterns = patterns
        var missing: [GlobPattern] = []
        found = try FolderSurvey(outputs: patterns, data: data, missing: &missing)
        self.missing = missing.first
        if let problem = found.problems.first {
            gap = problem
        } else if patterns.isEmpty {
            gap = "it declares no outputs"
        } else {
            gap = try Self.uncovered(found, artifacts, data: data, began: began)
        }
    }

    /// Surveys the outputs again.
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
