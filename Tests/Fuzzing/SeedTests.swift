import TestSupport
import Testing

/// A short form of `make fuzz`: each parser gets its seeds, whole and damaged.
struct SeedTests {
    private static let damaged = 400

    @Test(arguments: FuzzedParser.all.map(\.name))
    func `damaged input breaks no parser`(_ name: String) async {
        // A parser that traps would end all tests.
        await #expect(processExitsWith: .success) { [name = name as String, count = Self.damaged as Int] in
            guard let parser = FuzzedParser.all.first(where: { $0.name == name }) else { fatalError("no \(name)") }
            let seeds = parser.seeds()
            var random = SeededGenerator(seed: 11)
            for seed in seeds { parser.run(seed) }
            for _ in 0..<count {
                var input = seeds[Int.random(in: seeds.indices, using: &random)]
                for _ in 0..<Int.random(in: 1...4, using: &random) { parser.damage(&input, &random) }
                parser.run(input)
            }
        }
    }
}

extension FuzzedParser {
    /// Changes a byte, or cuts, repeats or inserts a piece.
    fileprivate func damage(_ input: inout [UInt8], _ random: inout SeededGenerator) {
        guard !input.isEmpty else { return }
        let place = Int.random(in: input.indices, using: &random)
        let end = Int.random(in: place...min(input.count, place + 64), using: &random)
        switch Int.random(in: 0..<5, using: &random) {
        case 0: input[place] = .random(in: .min ... .max, using: &random)
        case 1: input[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 2: input.removeSubrange(place..<end)
        case 3: input.insert(contentsOf: input[place..<end], at: place)
        default:
            guard let word = words.randomElement(using: &random) else { return }
            input.insert(contentsOf: word.utf8, at: place)
        }
    }
}
