import JSON

/// Reads the members of a body and collects the errors in them, in pydantic's words.
struct BodyReader {
    /// An object and its location; `members` is nil for a missing object, so that its members cause no further errors.
    struct Object {
        let members: [String: JSONValue]?
        let place: [JSONValue]
    }

    private let catalogue: HardwareCatalogue
    private(set) var issues: [ValidationIssue] = []

    init(_ catalogue: HardwareCatalogue) { self.catalogue = catalogue }

    mutating func add(_ path: [JSONValue], _ message: String) {
        issues.append(ValidationIssue(["body"] + path, "Value error, \(message)", "value_error"))
    }

    mutating func object(_ json: JSONValue, at place: [JSONValue]) -> Object {
        if let members = json.object { return Object(members: members, place: place) }
        let message = "Input should be a valid dictionary or object to extract fields from"
        issues.append(ValidationIssue(place, message, "model_attributes_type"))
        return Object(members: nil, place: place)
    }

    mutating func object(in parent: Object, _ name: String) -> Object {
        guard let value = required(parent, name) else {
            return Object(members: nil, place: parent.place + [.string(name)])
        }
        return object(value, at: parent.place + [.string(name)])
    }

    /// Returns a required text that must not be empty.
    mutating func text(_ object: Object, _ name: String) -> String {
        guard let value = required(object, name) else { return "" }
        let text = text(value, at: object.place + [.string(name)])
        if text == "" {
            let message = "String should have at least 1 character"
            issues.append(ValidationIssue(object.place + [.string(name)], message, "string_too_short"))
        }
        return text ?? ""
    }

    mutating func optionalText(_ object: Object, _ name: String) -> String? {
        guard let value = object.members?[name], !value.isNull else { return nil }
        return text(value, at: object.place + [.string(name)])
    }

    mutating func whole(_ object: Object, _ name: String, _ range: ClosedRange<Int>) -> Int {
        guard let value = required(object, name) else { return range.lowerBound }
        let place = object.place + [.string(name)]
        guard let number = value.integer else {
            issues.append(ValidationIssue(place, "Input should be a valid integer", "int_type"))
            return range.lowerBound
        }
        if let issue = ValidationIssue.range(number, range, at: place) { issues.append(issue) }
        return number
    }

    /// Returns a list of texts, which may be absent or null.
    mutating func texts(_ object: Object, _ name: String) -> [String]? {
        guard let value = object.members?[name], !value.isNull else { return nil }
        let place = object.place + [.string(name)]
        guard let elements = list(value, at: place) else { return nil }
        var texts: [String] = []
        for (index, element) in elements.enumerated() {
            if let text = text(element, at: place + [.integer(index)]) { texts.append(text) }
        }
        return texts
    }

    /// Returns an object of texts; empty where it is absent or null.
    mutating func textMap(_ object: Object, _ name: String) -> [String: String] {
        guard let value = object.members?[name], !value.isNull else { return [:] }
        let place = object.place + [.string(name)]
        guard let members = value.object else {
            issues.append(ValidationIssue(place, "Input should be a valid dictionary", "dict_type"))
            return [:]
        }
        var map: [String: String] = [:]
        for (key, value) in members.sorted(by: { $0.key < $1.key }) {
            map[key] = text(value, at: place + [.string(key)])
        }
        return map
    }

    /// Adds an error for each unknown member, as io.net's own model does.
    mutating func refuseOthers(_ object: Object, known: Set<String>) {
        for name in (object.members ?? [:]).keys.sorted() where !known.contains(name) {
            let place = object.place + [.string(name)]
            issues.append(ValidationIssue(place, "Extra inputs are not permitted", "extra_forbidden"))
        }
    }

    mutating func hardware(_ object: Object) -> HardwareCatalogue.Hardware? {
        guard let value = required(object, "hardware_id") else { return nil }
        let place = object.place + ["hardware_id"]
        guard value.integer != nil || value.string != nil else {
            issues.append(ValidationIssue(place, "Input should be a valid integer", "int_type"))
            return nil
        }
        let hardware = catalogue.hardware(value)
        if hardware == nil { add(["hardware_id"], "there is no such hardware") }
        return hardware
    }

    mutating func locations(_ object: Object) -> [HardwareCatalogue.Location] {
        guard let value = required(object, "location_ids") else { return [] }
        let place = object.place + ["location_ids"]
        guard let ids = list(value, at: place) else { return [] }
        if ids.isEmpty {
            let message = "List should have at least 1 item after validation, not 0"
            issues.append(ValidationIssue(place, message, "too_short"))
        }
        var locations: [HardwareCatalogue.Location] = []
        for (index, id) in ids.enumerated() {
            if let location = catalogue.location(id) {
                locations.append(location)
            } else {
                add(["location_ids", .integer(index)], "there is no such location")
            }
        }
        return locations
    }

    private mutating func required(_ object: Object, _ name: String) -> JSONValue? {
        guard let members = object.members else { return nil }
        if let value = members[name] { return value }
        issues.append(.missing(object.place + [.string(name)]))
        return nil
    }

    private mutating func text(_ value: JSONValue, at place: [JSONValue]) -> String? {
        if let text = value.string { return text }
        issues.append(ValidationIssue(place, "Input should be a valid string", "string_type"))
        return nil
    }

    private mutating func list(_ value: JSONValue, at place: [JSONValue]) -> [JSONValue]? {
        if let elements = value.array { return elements }
        issues.append(ValidationIssue(place, "Input should be a valid list", "list_type"))
        return nil
    }
}
