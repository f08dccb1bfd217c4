import CLinux
import Testing

@testable import Supervision

/// The descendants of PID 1, from the kernel's process list.
struct ProcessTreeTests {
    private static func stat(_ name: String, state: String = "S", parent: Int, group: Int) -> [UInt8] {
        Array("7 (\(name)) \(state) \(parent) \(group) 1 0 -1 4194304 9 9 9 9 150 50 9 9 20 0 1 0 9 9 9\n".utf8)
    }

    @Test func `a name may hold anything`() throws {
        let process = try #require(ProcessTree.Process(pid: 7, Self.stat("a) R 1 1 (", parent: 5, group: 6)))
        #expect(process.name == "a) R 1 1 (" && process.parent == 5 && process.group == 6 && process.ticks == 200)
    }

    @Test(arguments: ["", "7 (a", "7 (a) S", "7 (a) Z 1 7 7 0 -1 0 0 0 0 0 1 1 0", "7 )a( S 1 1"])
    func `what has ended, or is no process, is none`(_ text: String) {
        #expect(ProcessTree.Process(pid: 7, Array(text.utf8)) == nil)
    }

    @Test func `what belongs to a child that runs is none of those left behind`() {
        let tree = ProcessTree(
            [(2, 1), (3, 2), (4, 1), (5, 4), (6, 5), (9, 8)].map { pid, parent in
                ProcessTree.Process(pid: pid, name: "x", parent: parent, group: pid, ticks: 0)
            })
        #expect(Set(tree.below(1).map(\.pid)) == [2, 3, 4, 5, 6])
        #expect(Set(tree.below(1, except: [2]).map(\.pid)) == [4, 5, 6])
    }

    @Test func `this process is below its parent`() throws {
        let tree = try ProcessTree.current()
        #expect(tree.below(getppid()).contains { $0.pid == getpid() })
    }
}
