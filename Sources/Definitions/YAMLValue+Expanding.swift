import RunContract

extension YAMLValue {
    /// Returns the tree with every `${NAME}` in its values replaced; keys and replaced text are not expanded.
    ///
    /// `lookup` returns a variable's value for the node that uses it, or nil if the variable is unset.
    func expanded(_ lookup: (_ name: String, _ asking: YAMLValue) throws -> String?) throws -> YAMLValue {
        var copy = self
        switch content {
        case .empty: break
        case .scalar(let text, let isPlain):
            copy.content = .scalar(try expand(text, lookup), isPlain: isPlain)
        case .sequence(let elements):
            var expanded: [YAMLValue] = []
            for element in elements { expanded.append(try element.expanded(lookup)) }
            copy.content = .sequence(expanded)
        case .mapping(var entries):
            for index in entries.indices { entries[index].value = try entries[index].value.expanded(lookup) }
            copy.content = .mapping(entries)
        }
        return copy
    }

    private func expand(_ text: String, _ lookup: (String, YAMLValue) throws -> String?) throws -> String {
        let template = try template(text)
        var values: [String: String] = [:]
        for variable in template.variables {
            let value = try lookup(variable.name, self)
            values[variable.name] = value
            guard value == nil, variable.fallback == nil else { continue }
            throw error(
                "'\(path)' needs \(variable.name), which is not set; "
                    + "set it, or write ${\(variable.name):-default}")
        }
        do { return try template.expanded { values[$0] } } catch { throw self.error("\(error)") }
    }

    /// Parses a text as a template, which checks its syntax.
    func template(_ text: String) throws -> Template {
        do { return try Template(text) } catch { throw self.error("'\(path)': \(error)") }
    }
}
