import JSON

/// Reads the values of a query and collects the errors in them.
struct QueryReader {
    private let query: [String: String]
    private var issues: [ValidationIssue] = []

    init(_ query: [String: String]) { self.query = query }

    /// Returns a required text; empty where it is missing.
    mutating func text(_ name: String) -> String {
        if let text = query[name] { return text }
        issues.append(.missing(["query", .string(name)]))
        return ""
    }

    /// Returns an integer, which is required unless a default is given.
    mutating func whole(_ name: String, _ range: ClosedRange<Int>, default value: Int? = nil) -> Int {
        let place: [JSONValue] = ["query", .string(name)]
        guard let text = query[name] else {
            if value == nil { issues.append(.missing(place)) }
            return value ?? range.lowerBound
        }
        guard let number = Int(text) else {
            let message = "Input should be a valid integer, unable to parse string as an integer"
            issues.append(ValidationIssue(place, message, "int_parsing"))
            return range.lowerBound
        }
        if let issue = ValidationIssue.range(number, range, at: place) { issues.append(issue) }
        return number
    }

    /// Returns one of the words, nil where the value is absent.
    mutating func choice(_ name: String, _ words: [String]) -> String? {
        guard let text = query[name] else { return nil }
        if words.contains(text) { return text }
        let list = words.map { "'\($0)'" }
        let said = list.dropLast().joined(separator: ", ") + " or " + (list.last ?? "")
        issues.append(ValidationIssue(["query", .string(name)], "Input should be \(said)", "enum"))
        return nil
    }

    /// Returns the values; throws if any was invalid.
    func finish<Values>(_ values: Values) throws(ValidationFailure) -> Values {
        guard issues.isEmpty else { throw ValidationFailure(issues: issues) }
        return values
    }
}

extension ValidationIssue {
    /// Returns pydantic's error for a number outside the range, nil for one within it.
    static func range(_ number: Int, _ range: ClosedRange<Int>, at place: [JSONValue]) -> ValidationIssue? {
        if number < range.lowerBound {
            let message = "Input should be greater than or equal to \(range.lowerBound)"
            return ValidationIssue(place, message, "greater_than_equal")
        }
        if number > range.upperBound {
            let message = "Input should be less than or equal to \(range.upperBound)"
            return ValidationIssue(place, message, "less_than_equal")
        }
        return nil
    }
}
