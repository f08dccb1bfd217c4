import ArgumentParser
import ImageInspection
import ImageStore
import OCI
import POSIX
import SystemPackage

/// `caasctl image rm`: removes names of images.
struct ImageRemove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm", abstract: "Remove image names from the local store.",
        discussion: "Data that no other image needs stays on the disk until caasctl image prune removes it.")

    @Argument(help: "Image names as listed by caasctl image ls.") var names: [String]

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
