import SystemPackage

extension Command {
    /// Returns the built caasctl with a home folder and a docker configuration of its own, so that it has no logins.
    package static func caasctl(
        _ arguments: [String], in folder: TemporaryFolder, environment: [String: String?] = [:]
    ) -> Command {
        let own: [String: String?] = [
            "CAASCTL_HOME": folder("home").string, "SOURCE_DATE_EPOCH": nil, "DOCKER_CONFIG": folder("docker").string,
        ]
        return Command(
            Checkout.program("caasctl"), arguments, environment: own.merging(environment) { $1 }, in: folder.path)
    }
}
