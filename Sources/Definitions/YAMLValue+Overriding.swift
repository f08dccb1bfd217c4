import ByteText
import Wording

extension YAMLValue {
    /// Returns the tree with one value replaced or added: `resources.gpus=4`, `resources.locations=[US, DE]`.
    func overridden(by option: String) throws -> YAMLValue {
        let place = "--set \(option.prefix { $0 != "=" })"
        guard let equals = option.firstIndex(byte: "="), equals > option.startIndex else {
            throw Failure(reading: place, "it is not KEY=VALUE, as in resources.gpus=4")
        }
        let path = String(option[..<equals])
        let keys = path.split(byte: ".", omittingEmptySubsequences: false).map(String.init)
        let value = try YAMLValue(option: place, text: String(option[option.utf8.index(after: equals)...]), path: path)
        return try setting(keys[...], to: value, way: .root)
    }

    private func setting(_ keys: ArraySlice<String>, to value: YAMLValue, way: YAMLPath) throws -> YAMLValue {
        guard let key = keys.first else { return value }
        var entries: [Entry] = []
        if case .mapping(let present) = content {
            entries = present
        } else if content != .empty {
            throw Failure(reading: value.place, "'\(way.text)' is not a mapping")
        }
        let inner = YAMLPath.key(key, in: way)
        let index = entries.firstIndex { $0.key == key }
        let old = index.map { entries[$0].value } ?? YAMLValue(content: .empty, place: value.place, way: inner)
        let new = try old.setting(keys.dropFirst(), to: value, way: inner)
        if let index {
            entries[index].value = new
        } else {
            entries.append(Entry(key: key, place: value.place, value: new))
        }
        return YAMLValue(content: .mapping(entries), place: place, way: self.way)
    }
}
