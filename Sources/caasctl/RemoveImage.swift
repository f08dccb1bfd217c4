import ArgumentParser
import ImageInspection
import ImageStore
import OCI
import POSIX
import SystemPackage

/// `caasctl rmi`: removes names of images.
struct RemoveImage: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rmi", abstract: "Remove the names of images.",
        discussion: "What no other image needs stays on the disk until caasctl prune.")

    @Argument(help: "Names as caasctl images shows them.") var names: [String]

    func run() async throws {
        let home = try HomeFolder.open()
        let store = try ImageStore(at: home.appending("store"))
        for name in names {
            let candidates = [name, (try? Reference(name))?.description].compactMap(\.self)
            guard try candidates.contains(where: { try store.untag($0) }) else {
                throw try ImageFinder(store: store, temporary: home.appending("cache").appending("tmp")).unknown(
                    name, definitions: [])
            }
            print(name)
        }
    }
}
